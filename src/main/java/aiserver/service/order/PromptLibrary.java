package aiserver.service.order;

import aiserver.service.ShopFiles;
import aiserver.service.ShopLanguage;
import java.io.IOException;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Properties;

/**
 * The prompt files of all languages and the rules of an order: those of a shop's own folder where it has them, else
 * those that come with the program. Read once at start, so that a mistake in a file is seen then and not by a
 * customer; immutable, any thread.
 */
final class PromptLibrary {
    private final Map<ShopLanguage, PromptTexts> texts = new EnumMap<>(ShopLanguage.class);
    private final OrderRules rules;

    /**
     * @param directory holds any of {@code ko.txt, en.txt, ja.txt, rules.properties}; null: the program's own
     * @throws IllegalArgumentException that names the file and what is wrong with it
     */
    PromptLibrary(Path directory) {
        ShopFiles files = new ShopFiles("the prompts", directory, "/aiserver/prompts/");
        for (ShopLanguage language : ShopLanguage.values()) {
            String name = language.code() + ".txt";
            texts.put(language, PromptTexts.parse(name, files.read(name)));
        }
        Properties properties = new Properties();
        try {
            properties.load(new StringReader(files.read("rules.properties")));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        rules = OrderRules.of(properties);
    }

    PromptTexts texts(ShopLanguage language) {
        return texts.get(language);
    }

    OrderRules rules() {
        return rules;
    }
}
