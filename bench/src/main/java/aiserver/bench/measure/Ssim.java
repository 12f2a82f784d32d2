package aiserver.bench.measure;

/**
 * How alike two pictures are: the structural similarity of Wang, Bovik, Sheikh and Simoncelli (2004) on luminance, in
 * windows of 8×8 that move by 4; 1 for the same picture.
 */
final class Ssim {
    private static final int WINDOW = 8;
    private static final int MOVE = 4;
    private static final double C1 = Math.pow(0.01 * 255, 2);
    private static final double C2 = Math.pow(0.03 * 255, 2);

    private Ssim() {
    }

    /** @param a three bytes a pixel, rows from the top; {@code b} likewise */
    static double of(byte[] a, byte[] b, int width, int height) {
        double sum = 0;
        int windows = 0;
        for (int y = 0; y + WINDOW <= height; y += MOVE) {
            for (int x = 0; x + WINDOW <= width; x += MOVE) {
                sum += window(a, b, width, x, y);
                windows++;
            }
        }
        return sum / windows;
    }

    /** Peak signal to noise, dB; infinite for the same picture. */
    static double psnr(byte[] a, byte[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            double difference = (a[i] & 0xFF) - (b[i] & 0xFF);
            sum += difference * difference;
        }
        return 10 * Math.log10(255.0 * 255 * a.length / sum);
    }

    private static double window(byte[] a, byte[] b, int width, int x, int y) {
        double sumA = 0;
        double sumB = 0;
        double squaresA = 0;
        double squaresB = 0;
        double products = 0;
        for (int j = 0; j < WINDOW; j++) {
            for (int i = 0; i < WINDOW; i++) {
                double p = luminance(a, (y + j) * width + x + i);
                double q = luminance(b, (y + j) * width + x + i);
                sumA += p;
                sumB += q;
                squaresA += p * p;
                squaresB += q * q;
                products += p * q;
            }
        }
        double n = WINDOW * WINDOW;
        double meanA = sumA / n;
        double meanB = sumB / n;
        double varianceA = squaresA / n - meanA * meanA;
        double varianceB = squaresB / n - meanB * meanB;
        double covariance = products / n - meanA * meanB;
        return (2 * meanA * meanB + C1) * (2 * covariance + C2)
                / ((meanA * meanA + meanB * meanB + C1) * (varianceA + varianceB + C2));
    }

    private static double luminance(byte[] rgb, int pixel) {
        return 0.299 * (rgb[3 * pixel] & 0xFF) + 0.587 * (rgb[3 * pixel + 1] & 0xFF) + 0.114 * (rgb[3 * pixel + 2] & 0xFF);
    }
}
