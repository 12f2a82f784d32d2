package aiserver.service.order;

import aiserver.job.JsonObjects;

/**
 * How text from outside is written into a prompt: one line, whole characters, a bounded length. A customer's words
 * stand in quotation marks, so that they cannot pass for another line of data. Stateless.
 */
final class PromptWords {
    private PromptWords() {
    }

    /** One line: every run of blanks, line breaks and control characters is a blank, half surrogates are U+FFFD. */
    static String oneLine(String text) {
        StringBuilder line = new StringBuilder(text.length());
        boolean gap = false;
        for (int i = 0; i < text.length(); ) {
            int codePoint = text.codePointAt(i);
            i += Character.charCount(codePoint);
            if (Character.isISOControl(codePoint) || Character.isSpaceChar(codePoint)) {
                gap = true;
                continue;
            }
            if (gap && !line.isEmpty()) {
                line.append(' ');
            }
            gap = false;
            line.appendCodePoint(Character.getType(codePoint) == Character.SURROGATE ? 0xFFFD : codePoint);
        }
        return line.toString();
    }

    /** One line of at most {@code max} code points; what is cut off is marked by an ellipsis within them. */
    static String oneLine(String text, int max) {
        String line = oneLine(text);
        if (line.codePointCount(0, line.length()) <= max) {
            return line;
        }
        return line.substring(0, line.offsetByCodePoints(0, max - 1)).stripTrailing() + "…";
    }

    /** One line as a JSON string with its quotation marks. */
    static String quoted(String text) {
        return JsonObjects.write(oneLine(text));
    }
}
