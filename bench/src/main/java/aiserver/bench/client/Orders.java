package aiserver.bench.client;

import aiserver.job.JsonObjects;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Calls to one shop, as its backend would send them. */
public final class Orders {
    private static final List<Map<String, Object>> MENU = List.of(
            item("초콜릿 케이크", 38000), item("딸기 생크림 케이크", 35000), item("치즈 케이크", 36000),
            item("당근 케이크", 34000), item("말차 케이크", 37000), item("레드벨벳 케이크", 39000));

    /** What eight customers say. */
    public static final List<String> SPOKEN = List.of(
            "초콜릿 케이크 하나 주문할게요. 딸기를 올려 주세요.",
            "하트 모양 딸기 생크림 케이크로 두 개 부탁드려요.",
            "내일 오후 세 시에 찾으러 갈게요. 말차 케이크로요.",
            "케이크 위에 생일 축하해 민수야 라고 써 주세요.",
            "치즈 케이크는 얼마예요?",
            "아까 말한 당근 케이크는 빼고 레드벨벳으로 바꿔 주세요.",
            "아이 생일인데 어떤 케이크가 좋을까요?",
            "사각 초콜릿 케이크에 초 다섯 개 넣어 주세요.");

    /** One is said before a sentence when it is asked for again, so that nobody has its prompt from the time before. */
    private static final List<String> BEFORE = List.of("네", "저기요", "안녕하세요", "음", "그러면", "혹시", "자", "있잖아요");

    private Orders() {
    }

    /** What the customer of a turn says: the eight sentences in order, at each time round with another word before. */
    public static String said(int turn) {
        int round = turn / SPOKEN.size();
        String spoken = SPOKEN.get(turn % SPOKEN.size());
        if (round == 0) {
            return spoken;
        }
        String word = BEFORE.get((round - 1) % BEFORE.size());
        int again = (round - 1) / BEFORE.size();
        return word + (again == 0 ? "" : " " + again + "번이요") + ", " + spoken;
    }

    private static Map<String, Object> item(String name, int price) {
        Map<String, Object> item = new LinkedHashMap<>();
        item.put("name", name);
        item.put("price", price);
        item.put("styles", List.of("둥근", "하트", "사각", "2단"));
        item.put("options", List.of("딸기", "블루베리", "초콜릿 칩", "초"));
        return item;
    }

    /** The payload of a call's first sentence. */
    public static Map<String, Object> payload(String transcript) {
        Map<String, Object> context = new LinkedHashMap<>();
        context.put("menu", MENU);
        context.put("state", "menu_selection");
        Map<String, Object> payload = new LinkedHashMap<>();
        payload.put("transcript", transcript);
        payload.put("context", context);
        return payload;
    }

    /** The message of a call's first sentence. */
    public static byte[] message(String requestId, String transcript) {
        return job(requestId, "llm", payload(transcript));
    }

    /** Any job's message. */
    public static byte[] job(String requestId, String kind, Map<String, Object> payload) {
        Map<String, Object> job = new LinkedHashMap<>();
        job.put("request_id", requestId);
        job.put("task_type", kind);
        job.put("payload", payload);
        job.put("created_at", System.currentTimeMillis());
        return JsonObjects.write(job).getBytes(StandardCharsets.UTF_8);
    }
}
