package aiserver.service.picture;

import aiserver.service.ShopFiles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * A tab-separated word file of the picture service: the shop's own where its folder has one of that name, else the one
 * that comes with the worker. Read once when the service is made; any thread.
 */
final class PictureWords {
    private PictureWords() {
    }

    /**
     * Reads the lines of a file without comments and blank lines, each split into exactly {@code columns} columns.
     *
     * @param folder the shop's own words, or null
     * @param reader may refuse a line by an {@link IllegalArgumentException}
     * @throws IllegalArgumentException naming the folder, or file and line, that is wrong
     */
    static void eachLine(Path folder, String name, int columns, Consumer<List<String>> reader) {
        ShopFiles files = new ShopFiles("the picture service's words", folder, "/aiserver/pictures/");
        int number = 0;
        for (String line : files.read(name).split("\r?\n", -1)) {
            number++;
            if (line.isBlank() || line.startsWith("#")) {
                continue;
            }
            String at = files.place(name) + " line " + number;
            List<String> cells = new ArrayList<>(Arrays.stream(line.split("\t", -1)).map(String::strip).toList());
            while (cells.size() < columns) {
                cells.add("");
            }
            if (cells.size() > columns || cells.get(0).isEmpty()) {
                throw files.wrong(at + ": expected " + columns + " columns separated by tabs, the first not empty", null);
            }
            try {
                reader.accept(List.copyOf(cells));
            } catch (IllegalArgumentException e) {
                throw files.wrong(at + ": " + e.getMessage(), e);
            }
        }
    }

    /** The words of one cell: separated by commas, none blank. */
    static List<String> words(String cell) {
        return Arrays.stream(cell.split(",")).map(String::strip).filter(word -> !word.isEmpty()).toList();
    }
}
