package aiserver.config;

import java.nio.file.Path;
import picocli.CommandLine.ITypeConverter;

/**
 * What an option says that takes a folder or the word {@code none}.
 *
 * @param folder null: none
 */
record FolderOrNone(Path folder) {
    /** Whether a value is the word and no path. */
    static boolean isNone(String value) {
        return value.equals("none");
    }

    /** For picocli. */
    static final class Converter implements ITypeConverter<FolderOrNone> {
        @Override
        public FolderOrNone convert(String value) {
            return new FolderOrNone(isNone(value) ? null : Path.of(value));
        }
    }
}
