package aiserver.bench.measure;

import java.util.List;

/** The middle of some figures and their range. */
record Spread(double median, double low, double high) {
    static Spread of(List<Double> figures) {
        if (figures.isEmpty()) {
            throw new IllegalArgumentException("no figures");
        }
        List<Double> sorted = figures.stream().sorted().toList();
        int n = sorted.size();
        double median = n % 2 == 1 ? sorted.get(n / 2) : (sorted.get(n / 2 - 1) + sorted.get(n / 2)) / 2;
        return new Spread(median, sorted.getFirst(), sorted.getLast());
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
