package aiserver.engine;

/**
 * A sequence of the context: the tokens whose state it holds, and the answer that is being written on it, if any. What
 * it holds stays when an answer is done, for the next one that begins alike. Owned by {@link BatchLoop}, on the
 * engine's thread.
 */
final class Slot {
    final int sequence;
    /** Tokens whose state is in the context, in order. */
    final IntList held = new IntList();
    /** Tokens to be computed next, and how many of them are. */
    int[] feed = new int[0];
    int fed;
    PendingAnswer answer;
    /** A sequence that is just computing a beginning that this one can share, and how long that is. */
    Slot lender;
    int borrowed;
    /** Something was chosen already: the customer hears this answer being written. */
    boolean writing;
    /** How many of the first tokens are to be kept for others once they are held; 0: none. */
    int toKeep;
    long lastUse;

    Slot(int sequence) {
        this.sequence = sequence;
    }

    boolean idle() {
        return answer == null;
    }

    int left() {
        return feed.length - fed;
    }

    /** How much of a prompt is held, leaving at least its last token to be computed. */
    int shares(int[] prompt) {
        return held.commonPrefix(prompt, 0, prompt.length - 1);
    }

    /** How much of a prompt will be held once the feed is computed. */
    int willShare(int[] prompt) {
        int now = shares(prompt);
        if (answer == null || now < held.size()) {
            return now;
        }
        int same = now;
        for (int i = fed; i < feed.length && same < prompt.length - 1 && feed[i] == prompt[same]; i++) {
            same++;
        }
        return same;
    }

    void finish() {
        answer = null;
        lender = null;
        toKeep = 0;
        writing = false;
        feed = new int[0];
        fed = 0;
    }
}
