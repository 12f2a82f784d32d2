package aiserver.engine;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;

/**
 * Joins the bytes of tokens to text. A token may hold half a character, the other half may come in the next token or
 * even in the next segment, and a wrong token may leave a half alone: bytes are joined before they are decoded, what
 * is not complete waits for the next part, and what never becomes a character is left out. One thread.
 */
final class TokenText {
    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder()
            .onMalformedInput(CodingErrorAction.IGNORE).onUnmappableCharacter(CodingErrorAction.IGNORE);
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    void add(byte[] token) {
        bytes.writeBytes(token);
    }

    /** The characters that are whole so far; half a character at the end stays for the next call. */
    String take() {
        ByteBuffer in = ByteBuffer.wrap(bytes.toByteArray());
        CharBuffer out = CharBuffer.allocate(in.remaining() + 1);
        decoder.reset().decode(in, out, false);
        bytes.reset();
        bytes.write(in.array(), in.position(), in.remaining());
        return out.flip().toString();
    }
}
