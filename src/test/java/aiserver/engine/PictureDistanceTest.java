package aiserver.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.Test;

class PictureDistanceTest {
    private static Picture noise(long seed) {
        byte[] rgb = new byte[3 * 32 * 32];
        new Random(seed).nextBytes(rgb);
        return new Picture(32, 32, rgb);
    }

    @Test
    void equalPicturesAreNotApart() {
        assertThat(PictureDistance.psnr(noise(1), noise(1))).isInfinite();
        assertThat(PictureDistance.ssim(noise(1), noise(1))).isEqualTo(1, within(1e-9));
    }

    @Test
    void oneStepOfEveryColourIs48Decibels() {
        byte[] grey = new byte[3 * 32 * 32];
        java.util.Arrays.fill(grey, (byte) 100);
        byte[] lighter = new byte[3 * 32 * 32];
        java.util.Arrays.fill(lighter, (byte) 101);
        Picture a = new Picture(32, 32, grey);
        Picture b = new Picture(32, 32, lighter);
        assertThat(PictureDistance.psnr(a, b)).isEqualTo(48.13, within(0.01));
        assertThat(PictureDistance.ssim(a, b)).isGreaterThan(0.999);
    }

    @Test
    void unlikePicturesAreFarApart() {
        assertThat(PictureDistance.psnr(noise(1), noise(2))).isBetween(7.0, 9.0);
        assertThat(PictureDistance.ssim(noise(1), noise(2))).isLessThan(0.1);
    }
}
