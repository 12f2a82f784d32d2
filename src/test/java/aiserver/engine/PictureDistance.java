package aiserver.engine;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Path;
import javax.imageio.ImageIO;

/** How far two pictures of one size are apart, as the field measures it. Stateless. */
final class PictureDistance {
    private static final int WINDOW = 8;
    private static final double LUMINANCE_FLOOR = Math.pow(0.01 * 255, 2);
    private static final double CONTRAST_FLOOR = Math.pow(0.03 * 255, 2);

    private PictureDistance() {
    }

    static Picture read(Path png) throws IOException {
        BufferedImage image = ImageIO.read(png.toFile());
        byte[] rgb = new byte[3 * image.getWidth() * image.getHeight()];
        for (int i = 0; i < rgb.length / 3; i++) {
            int pixel = image.getRGB(i % image.getWidth(), i / image.getWidth());
            rgb[3 * i] = (byte) (pixel >> 16);
            rgb[3 * i + 1] = (byte) (pixel >> 8);
            rgb[3 * i + 2] = (byte) pixel;
        }
        return new Picture(image.getWidth(), image.getHeight(), rgb);
    }

    /** Peak signal-to-noise ratio in dB over all colours; infinite where the pictures are equal. */
    static double psnr(Picture a, Picture b) {
        requireSameSize(a, b);
        double sum = 0;
        for (int i = 0; i < a.rgb().length; i++) {
            double difference = (a.rgb()[i] & 0xff) - (b.rgb()[i] & 0xff);
            sum += difference * difference;
        }
        return 10 * Math.log10(255.0 * 255.0 * a.rgb().length / sum);
    }

    /** Structural similarity (Wang and others, 2004), -1 to 1: mean over the colours and over all windows of 8 x 8 pixels. */
    static double ssim(Picture a, Picture b) {
        requireSameSize(a, b);
        double sum = 0;
        int count = 0;
        for (int y = 0; y + WINDOW <= a.height(); y += 2) {
            for (int x = 0; x + WINDOW <= a.width(); x += 2) {
                for (int colour = 0; colour < 3; colour++) {
                    sum += window(a, b, x, y, colour);
                    count++;
                }
            }
        }
        return sum / count;
    }

    private static double window(Picture a, Picture b, int left, int top, int colour) {
        double sumA = 0;
        double sumB = 0;
        double squareA = 0;
        double squareB = 0;
        double product = 0;
        for (int y = top; y < top + WINDOW; y++) {
            for (int x = left; x < left + WINDOW; x++) {
                int at = 3 * (y * a.width() + x) + colour;
                int p = a.rgb()[at] & 0xff;
                int q = b.rgb()[at] & 0xff;
                sumA += p;
                sumB += q;
                squareA += p * p;
                squareB += q * q;
                product += p * q;
            }
        }
        double n = WINDOW * WINDOW;
        double meanA = sumA / n;
        double meanB = sumB / n;
        double varianceA = squareA / n - meanA * meanA;
        double varianceB = squareB / n - meanB * meanB;
        double covariance = product / n - meanA * meanB;
        return (2 * meanA * meanB + LUMINANCE_FLOOR) * (2 * covariance + CONTRAST_FLOOR)
                / ((meanA * meanA + meanB * meanB + LUMINANCE_FLOOR) * (varianceA + varianceB + CONTRAST_FLOOR));
    }

    private static void requireSameSize(Picture a, Picture b) {
        if (a.width() != b.width() || a.height() != b.height()) {
            throw new AssertionError(a.width() + "x" + a.height() + " and " + b.width() + "x" + b.height());
        }
    }
}
