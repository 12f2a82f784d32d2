package aiserver.job;

/** How a producer's text is shown in an error message: short, and without anything that could move a terminal or forge a log line. */
final class Quoted {
    private static final int SHOWN = 40;

    private Quoted() {
    }

    static String of(String text) {
        return '"' + plain(text, SHOWN) + '"';
    }

    static String plain(String text, int most) {
        if (text == null) {
            return "null";
        }
        StringBuilder out = new StringBuilder();
        text.codePoints().limit(most).forEach(c -> {
            int type = Character.getType(c);
            if (Character.isISOControl(c) || type == Character.FORMAT || type == Character.SURROGATE
                    || type == Character.LINE_SEPARATOR || type == Character.PARAGRAPH_SEPARATOR) {
                out.append(String.format("\\u%04x", c));
            } else {
                out.appendCodePoint(c);
            }
        });
        return text.codePointCount(0, text.length()) > most ? out + "..." : out.toString();
    }
}
