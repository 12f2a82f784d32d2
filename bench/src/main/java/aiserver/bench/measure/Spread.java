package aiserver.bench.measure;

import java.util.List;

/**
 * The middle of some figures, and between which two of them the middle of endlessly many would lie at 95 %: of eight and
 * fewer the least and the largest (of three that is 75 %), of more those that as many lie outside of as a coin tossed once
 * for each would allow.
 */
record Spread(double median, double low, double high) {
    private static final double CHANCE = 0.05;

    static Spread of(List<Double> figures) {
        if (figures.isEmpty()) {
            throw new IllegalArgumentException("no figures");
        }
        List<Double> sorted = figures.stream().sorted().toList();
        int n = sorted.size();
        double median = n % 2 == 1 ? sorted.get(n / 2) : (sorted.get(n / 2 - 1) + sorted.get(n / 2)) / 2;
        int outside = outside(n);
        return new Spread(median, sorted.get(outside), sorted.get(n - 1 - outside));
    }

    // How many at either end may be left out.
    private static int outside(int n) {
        int outside = 0;
        double ways = n;
        for (double below = 1 + ways; 2 * below <= CHANCE * Math.pow(2, n); below += ways) {
            outside++;
            ways *= (double) (n - outside) / (outside + 1);
        }
        return outside;
    }

    /** The figure at a share of the sorted ones: 0.95 for the 95th percentile. */
    static double percentile(List<Double> figures, double share) {
        List<Double> sorted = figures.stream().sorted().toList();
        return sorted.get(Math.min(sorted.size() - 1, (int) Math.ceil(share * sorted.size()) - 1));
    }

    Spread inverse() {
        return new Spread(1 / median, 1 / high, 1 / low);
    }
}
