package aiserver.engine;

import java.util.Objects;

/** A picture in memory: {@code rgb} holds rows from the top, three bytes a pixel; owned by the caller. */
public record Picture(int width, int height, byte[] rgb) {
    public Picture {
        Objects.requireNonNull(rgb, "rgb");
        if (rgb.length != 3L * width * height) {
            throw new IllegalArgumentException("rgb has " + rgb.length + " bytes for " + width + "x" + height);
        }
    }
}
