package aiserver.service;

import aiserver.job.JobScope;
import java.util.Optional;

/**
 * Turns words that the picture lexicon does not know into English; in the worker that is the language model. Called
 * from the thread that runs the picture job. The answer is not trusted: it is cleaned and searched for unsafe words as
 * the customer's own words are.
 */
@FunctionalInterface
public interface WordTranslator {
    /**
     * One to four English words for a word or short phrase in any language; empty where there is none.
     *
     * @param scope the picture's job
     * @throws aiserver.engine.EngineException CANCELLED where the job was cancelled meanwhile
     */
    Optional<String> toEnglish(String words, JobScope scope);

    /** Knows nothing: unknown words are left out. */
    WordTranslator NONE = (words, scope) -> Optional.empty();
}
