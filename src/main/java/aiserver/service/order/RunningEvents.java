package aiserver.service.order;

import aiserver.job.ShopEvent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * The promotions that hold now.
 *
 * @param events in the order of the job
 * @param notes  what was left out because its end cannot be read
 */
record RunningEvents(List<ShopEvent> events, List<String> notes) {
    static RunningEvents of(List<ShopEvent> all, ShopClock clock) {
        List<ShopEvent> running = new ArrayList<>();
        List<String> notes = new ArrayList<>();
        for (ShopEvent event : all) {
            Optional<Boolean> holds = clock.holds(event.endsAt());
            if (holds.isEmpty()) {
                notes.add("event " + PromptWords.oneLine(event.name(), 40) + " left out: ends_at is not ISO 8601: "
                        + PromptWords.oneLine(event.endsAt(), 40));
            } else if (holds.get()) {
                running.add(event);
            }
        }
        return new RunningEvents(List.copyOf(running), List.copyOf(notes));
    }

    /** Those that apply to a menu: named by them, or all menus. */
    List<ShopEvent> applyingTo(String menu) {
        String name = PromptWords.oneLine(menu);
        return events.stream().filter(event -> event.menus().isEmpty()
                || event.menus().stream().anyMatch(listed -> PromptWords.oneLine(listed).equals(name))).toList();
    }

    /** Gives for a menu's name, a single line, the one of them that takes off most, or null; of equals the first. */
    Function<String, ShopEvent> best() {
        Map<String, ShopEvent> named = new HashMap<>();
        List<ShopEvent> most = events.stream().filter(event -> event.discountPercent() != null && event.discountPercent() > 0)
                .sorted(Comparator.comparing(ShopEvent::discountPercent).reversed()).toList();
        for (ShopEvent event : most) {
            if (event.menus().isEmpty()) {
                // what comes after it takes off no more, whatever it names
                return menu -> named.getOrDefault(menu, event);
            }
            event.menus().forEach(listed -> named.putIfAbsent(PromptWords.oneLine(listed), event));
        }
        return named::get;
    }
}
