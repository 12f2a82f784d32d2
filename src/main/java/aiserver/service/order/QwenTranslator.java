package aiserver.service.order;

import aiserver.engine.AnswerForm.JsonText;
import aiserver.engine.AnswerForm;
import aiserver.engine.ChatMessage;
import aiserver.engine.EngineException;
import aiserver.engine.Sampling;
import aiserver.engine.TextEngine;
import aiserver.engine.TextRequest;
import aiserver.job.JobScope;
import aiserver.service.WordTranslator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Asks the worker's language model for the English of a word that the picture lexicon does not know. Called on the
 * thread of a picture job; answers are kept, since shops meet the same words again. A model that cannot answer leaves
 * the word untranslated: a picture without one detail is better than none.
 */
public final class QwenTranslator implements WordTranslator {
    private static final Logger LOG = LoggerFactory.getLogger(QwenTranslator.class);
    private static final int MOST_CHARS = 40;
    private static final int MOST_TOKENS = 24;
    private static final int MOST_KEPT = 1000;
    private static final String TASK = "You translate words about cakes into English for a picture caption. "
            + "Answer with one to four English words and nothing else.";

    private final TextEngine engine;
    private final Map<String, String> known = new ConcurrentHashMap<>();

    /** @param engine stays the caller's */
    public QwenTranslator(TextEngine engine) {
        this.engine = Objects.requireNonNull(engine, "engine");
    }

    @Override
    public Optional<String> toEnglish(String words, JobScope scope) {
        String kept = known.get(words);
        if (kept == null) {
            try {
                kept = asked(words, scope);
            } catch (EngineException e) {
                if (e.kind() == EngineException.Kind.CANCELLED) {
                    throw e;
                }
                // Not kept: the model may be back for the next picture.
                LOG.warn("a word of a picture's prompt is left out, the language model cannot translate it: {}", e.kind());
                return Optional.empty();
            }
            if (known.size() < MOST_KEPT) {
                known.put(words, kept);
            }
        }
        return kept.isEmpty() ? Optional.empty() : Optional.of(kept);
    }

    private String asked(String words, JobScope scope) {
        AnswerForm form = new AnswerForm.Template(List.of(new AnswerForm.Literal("\""), new JsonText("english", MOST_CHARS)));
        List<ChatMessage> messages = List.of(ChatMessage.system(TASK), ChatMessage.user(words));
        scope.progress("translate", 0);
        // What a picture is told of its progress it may answer by giving way to orders. Not on the engine's thread: they need it.
        String json = engine.generate(new TextRequest(messages, form, MOST_TOKENS, Sampling.GREEDY), scope::cancelled).text();
        String english = json.replaceAll("^\"|\"$", "").strip();
        // Anything but plain words is no caption.
        return english.matches("[A-Za-z][A-Za-z' -]*") ? english : "";
    }
}
