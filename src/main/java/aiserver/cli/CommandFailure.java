package aiserver.cli;

/** A command that cannot be carried out, with a sentence for the person who gave it. */
final class CommandFailure extends RuntimeException {
    CommandFailure(String message) {
        super(message);
    }

    CommandFailure(String message, Throwable cause) {
        super(message, cause);
    }
}
