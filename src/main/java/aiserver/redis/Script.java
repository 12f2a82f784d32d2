package aiserver.redis;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Locale;

/** The steps of delivery that must be atomic, as Lua beside this class: each file says its keys, arguments and answer. */
public enum Script {
    CLAIM, FINISH, BURY, DROP, PUT_BACK, RECOVER, HEARTBEAT, FORGET, DEPTH, SHED, NOTE_CANCEL, PULL;

    private final String source;
    private final String digest;

    Script() {
        String file = name().toLowerCase(Locale.ROOT) + ".lua";
        try (InputStream in = Script.class.getResourceAsStream(file)) {
            if (in == null) {
                throw new IllegalStateException("aiserver/redis/" + file + " is not on the class path");
            }
            source = new String(in.readAllBytes(), StandardCharsets.UTF_8);
            digest = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-1").digest(source.getBytes(StandardCharsets.UTF_8)));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-1", e);
        }
    }

    /** The name by which Redis knows a script that it has seen: the SHA-1 of its source. */
    public String digest() {
        return digest;
    }

    public String source() {
        return source;
    }
}
