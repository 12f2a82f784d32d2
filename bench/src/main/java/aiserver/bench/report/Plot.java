package aiserver.bench.report;

import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A bar chart as SVG: a bar for each contender with its range, in one unit. Readable on light and dark pages. */
final class Plot {
    private static final int WIDTH = 720;
    private static final int LABEL = 230;
    private static final int BAR = 26;
    private static final int TOP = 44;
    private static final int VALUE = 120;

    private Plot() {
    }

    static String bars(String title, String unit, Map<String, List<Double>> figures) {
        double most = figures.values().stream().flatMap(List::stream).mapToDouble(Double::doubleValue).max().orElse(1);
        int height = TOP + figures.size() * BAR + 12;
        StringBuilder svg = new StringBuilder(String.format(Locale.ROOT, """
                <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="13" role="img">
                <title>%s</title>
                <rect width="100%%" height="100%%" fill="#ffffff"/>
                <text x="12" y="24" font-size="15" fill="#222222">%s (%s)</text>
                """, WIDTH, height, WIDTH, height, escaped(title), escaped(title), escaped(unit)));
        int row = 0;
        double scale = (WIDTH - LABEL - VALUE) / most;
        for (Map.Entry<String, List<Double>> entry : figures.entrySet()) {
            List<Double> sorted = entry.getValue().stream().sorted().toList();
            double median = sorted.size() % 2 == 1 ? sorted.get(sorted.size() / 2)
                    : (sorted.get(sorted.size() / 2 - 1) + sorted.get(sorted.size() / 2)) / 2;
            int y = TOP + row++ * BAR;
            svg.append(String.format(Locale.ROOT, """
                    <text x="%d" y="%d" text-anchor="end" fill="#222222">%s</text>
                    <rect x="%d" y="%d" width="%.1f" height="%d" fill="%s"/>
                    <line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="#222222"/>
                    <text x="%.1f" y="%d" fill="#222222">%s</text>
                    """, LABEL - 8, y + 16, escaped(entry.getKey()), LABEL, y + 3, median * scale, BAR - 8,
                    entry.getKey().startsWith("worker") ? "#b3543e" : "#8d99ae",
                    LABEL + sorted.getFirst() * scale, LABEL + sorted.getLast() * scale, y + 12, y + 12,
                    LABEL + sorted.getLast() * scale + 8, y + 16, ReportCommand.shown(median)));
        }
        return svg.append("</svg>\n").toString();
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;");
    }
}
