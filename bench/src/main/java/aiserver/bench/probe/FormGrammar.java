package aiserver.bench.probe;

import aiserver.engine.AnswerForm;
import aiserver.engine.AnswerForm.Choice;
import aiserver.engine.AnswerForm.JsonText;
import aiserver.engine.AnswerForm.Literal;
import aiserver.engine.AnswerForm.Option;
import aiserver.engine.AnswerForm.Part;
import aiserver.engine.AnswerForm.Repeat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A form of answer as a GBNF grammar of llama.cpp: exactly the same texts. For contenders that know grammars alone, and
 * to measure what the template saves. A JSON schema of the same object becomes such a grammar inside llama.cpp's server,
 * with optional blanks between, which are left out here in its favour.
 */
public final class FormGrammar {
    private static final String CHARACTER = "char ::= [^\"\\\\\\x00-\\x1F\\x7F] | \"\\\\\" ([\"\\\\/bfnrt] | \"u\" [0-9a-fA-F]{4})\n";

    private final Map<List<Part>, String> names = new LinkedHashMap<>();
    private final StringBuilder rules = new StringBuilder();

    private FormGrammar() {
    }

    public static String of(AnswerForm.Template template) {
        FormGrammar grammar = new FormGrammar();
        String root = grammar.sequence(template.parts());
        return "root ::= " + root + "\n" + grammar.rules + CHARACTER;
    }

    private String sequence(List<Part> parts) {
        StringBuilder out = new StringBuilder();
        for (Part part : parts) {
            out.append(out.isEmpty() ? "" : " ").append(switch (part) {
                case Literal literal -> quoted(literal.text());
                case JsonText text -> "char{0," + text.maxChars() + "} \"\\\"\"";
                case Choice choice -> "(" + String.join(" | ", choice.options().stream().map(this::option).toList()) + ")";
                case Repeat repeat -> "(\"]\" | " + rule(repeat.item()) + " (\",\" " + rule(repeat.item()) + "){0," + (repeat.max() - 1) + "} \"]\")";
            });
        }
        return out.isEmpty() ? "\"\"" : out.toString();
    }

    private String option(Option option) {
        return option.then().isEmpty() ? quoted(option.text()) : quoted(option.text()) + " " + rule(option.then());
    }

    // Items of a menu share what follows them: one rule for all that are alike.
    private String rule(List<Part> parts) {
        String known = names.get(parts);
        if (known != null) {
            return known;
        }
        String name = "part-" + names.size();
        names.put(parts, name);
        String body = sequence(parts);
        rules.append(name).append(" ::= ").append(body).append('\n');
        return name;
    }

    private static String quoted(String text) {
        StringBuilder out = new StringBuilder("\"");
        text.codePoints().forEach(c -> {
            switch (c) {
                case '"' -> out.append("\\\"");
                case '\\' -> out.append("\\\\");
                case '\n' -> out.append("\\n");
                case '\r' -> out.append("\\r");
                case '\t' -> out.append("\\t");
                default -> out.appendCodePoint(c);
            }
        });
        return out.append('"').toString();
    }
}
