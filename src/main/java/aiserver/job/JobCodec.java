package aiserver.job;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;

import java.io.IOException;
import java.util.Objects;

/**
 * Between the bytes on Redis and the records of this package; with its two parts the only user of the JSON library.
 *
 * <p>Reading takes two steps, so that a job whose payload is bad can still be answered: {@link #open} walks over the
 * message without building anything and keeps the header, {@link #read} builds the job. Size is checked before parsing;
 * depth, numbers, names and duplicate keys while walking. One instance serves all threads.
 */
public final class JobCodec {
    /** Arrays and objects within each other; the contract's deepest part, order_state, is left plenty. */
    static final int MAX_DEPTH = 64;
    /** A message that is too long is searched so far for its request_id, to be able to refuse it by name. */
    private static final int HEADER_SEARCH = 64 << 10;
    private static final int MAX_NUMBER = 100;
    private static final int MAX_NAME = 1_000;

    /** The longest message that is read, in bytes of JSON, for each kind. */
    public record Limits(int speechBytes, int languageBytes, int imageBytes) {
        /** Ten minutes of 16 kHz 16-bit speech as base64; a menu of 200 with a long call; any prompt. */
        public static final Limits DEFAULT = new Limits(32 << 20, 1 << 20, 64 << 10);

        public Limits {
            requirePositive("speech", speechBytes);
            requirePositive("language", languageBytes);
            requirePositive("image", imageBytes);
        }

        private static void requirePositive(String name, int bytes) {
            if (bytes < 1) {
                throw new IllegalArgumentException("message limit for " + name + " must be at least 1 byte but is " + bytes);
            }
        }

        int of(TaskType kind) {
            return switch (kind) {
                case STT -> speechBytes;
                case LLM -> languageBytes;
                case IMAGE -> imageBytes;
            };
        }
    }

    private final Limits limits;
    private final JsonMapper mapper;

    public JobCodec(Limits limits) {
        this.limits = Objects.requireNonNull(limits, "limits");
        int longest = Math.max(limits.speechBytes(), Math.max(limits.languageBytes(), limits.imageBytes()));
        JsonFactory factory = JsonFactory.builder()
                .streamReadConstraints(StreamReadConstraints.builder()
                        .maxNestingDepth(MAX_DEPTH)
                        .maxNumberLength(MAX_NUMBER)
                        .maxNameLength(MAX_NAME)
                        .maxStringLength(longest)
                        .build())
                .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                .disable(StreamReadFeature.INCLUDE_SOURCE_IN_LOCATION)
                // Interned or cached names would let every producer grow a table of this process.
                .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
                .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
                .build();
        this.mapper = JsonMapper.builder(factory)
                .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                // order_state comes back as it came: 0.10 stays 0.10 and 1e400 does not become infinite.
                .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
                .nodeFactory(JsonNodeFactory.withExactBigDecimals(true))
                .build();
    }

    /** Reads the outside of a message; never throws for what a producer may have sent. */
    public Envelope open(TaskType kind, byte[] message) {
        Header header = new Header();
        JobException defect = null;
        int limit = limits.of(kind);
        if (message.length > limit) {
            defect = new JobException(ErrorCode.INVALID_PAYLOAD, "the message has " + message.length + " bytes; at most "
                    + limit + " are read for a job of kind " + kind.wireName());
        }
        int searched = defect == null ? message.length : Math.min(message.length, HEADER_SEARCH);
        try (JsonParser parser = mapper.getFactory().createParser(message, 0, searched)) {
            walk(parser, header);
        } catch (JobException e) {
            defect = defect == null ? e : defect;
        } catch (IOException e) {
            defect = defect == null ? invalidJson(e) : defect;
        }
        if (defect == null) {
            defect = header.defect(kind);
        }
        if (header.requestId == null && defect == null) {
            defect = new JobException(ErrorCode.INVALID_PAYLOAD, "request_id is missing");
        }
        return new Envelope(kind, message, header.requestId, header.createdAt, header.deadlineAt, defect);
    }

    /**
     * Builds the job.
     *
     * @throws JobException INVALID_JSON, INVALID_PAYLOAD, UNKNOWN_TASK or INVALID_AUDIO, naming field and value
     */
    public Job read(Envelope envelope) {
        if (envelope.defect() != null) {
            throw envelope.defect();
        }
        JsonNode root;
        try {
            root = mapper.readTree(envelope.message());
        } catch (IOException e) {
            throw invalidJson(e);
        }
        JobHeader header = new JobHeader(envelope.requestId(), envelope.createdAt(), envelope.deadlineAt());
        return PayloadReader.job(envelope.kind(), header, root.path("payload"));
    }

    /**
     * The JSON object that answers a job.
     *
     * @throws IllegalStateException if the result holds what JSON cannot say, such as NaN
     */
    public byte[] write(Reply reply) {
        return new ReplyWriter(mapper).write(reply);
    }

    /** The JSON object that tells how far a job is; {@code fraction} is brought into 0..1. */
    public byte[] writeProgress(String requestId, TaskType kind, String stage, double fraction) {
        return new ReplyWriter(mapper).progress(requestId, kind, stage, fraction);
    }

    private static void walk(JsonParser parser, Header header) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw new JobException(ErrorCode.INVALID_JSON, "the message is not a JSON object");
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String name = parser.currentName();
            JsonToken value = parser.nextToken();
            switch (name) {
                case "request_id" -> header.requestId(parser, value);
                case "task_type" -> header.taskType(parser, value);
                case "created_at" -> header.createdAt = header.time(name, parser, value);
                case "deadline_at" -> header.deadlineAt = header.time(name, parser, value);
                case "payload" -> header.payload(parser, value);
                default -> parser.skipChildren();
            }
        }
        if (parser.nextToken() != null) {
            throw new JobException(ErrorCode.INVALID_JSON, "something follows the JSON object");
        }
    }

    /** What was met on the walk; the first defect that is not one of JSON itself is kept until the walk is over. */
    private static final class Header {
        private String requestId;
        private String taskType;
        private boolean taskTypeSeen;
        private boolean payloadSeen;
        private Long createdAt;
        private Long deadlineAt;
        private JobException first;

        private void requestId(JsonParser parser, JsonToken value) throws IOException {
            if (value == JsonToken.VALUE_STRING && JobHeader.isRequestId(parser.getText())) {
                requestId = parser.getText();
            } else {
                fault(ErrorCode.INVALID_PAYLOAD, "request_id must be 1 to 128 of A-Za-z0-9._:-");
                parser.skipChildren();
            }
        }

        private void taskType(JsonParser parser, JsonToken value) throws IOException {
            taskTypeSeen = true;
            if (value == JsonToken.VALUE_STRING) {
                taskType = parser.getText();
            } else {
                fault(ErrorCode.UNKNOWN_TASK, "task_type must be stt, llm or image but is no string");
                parser.skipChildren();
            }
        }

        private void payload(JsonParser parser, JsonToken value) throws IOException {
            payloadSeen = true;
            if (value != JsonToken.START_OBJECT) {
                fault(ErrorCode.INVALID_PAYLOAD, "payload must be an object");
            }
            parser.skipChildren();
        }

        private Long time(String name, JsonParser parser, JsonToken value) throws IOException {
            if (value == JsonToken.VALUE_NULL) {
                return null;
            }
            if (value == JsonToken.VALUE_NUMBER_INT && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
                    && parser.getLongValue() >= 0) {
                return parser.getLongValue();
            }
            boolean scalar = value.isScalarValue();
            fault(ErrorCode.INVALID_PAYLOAD, name + " must be a whole number of epoch milliseconds, 0 or more, but is "
                    + (scalar ? Quoted.of(parser.getText()) : "no number"));
            parser.skipChildren();
            return null;
        }

        private void fault(ErrorCode code, String message) {
            if (first == null) {
                first = new JobException(code, message);
            }
        }

        private JobException defect(TaskType kind) {
            if (first != null) {
                return first;
            }
            if (!taskTypeSeen) {
                return new JobException(ErrorCode.UNKNOWN_TASK, "task_type is missing; it must be stt, llm or image");
            }
            TaskType named = TaskType.ofWireName(taskType).orElse(null);
            if (named == null) {
                return new JobException(ErrorCode.UNKNOWN_TASK,
                        "task_type must be stt, llm or image but is " + Quoted.of(taskType));
            }
            if (named != kind) {
                return new JobException(ErrorCode.INVALID_PAYLOAD,
                        "task_type is " + named.wireName() + " but the job came through " + kind.queue());
            }
            return payloadSeen ? null : new JobException(ErrorCode.INVALID_PAYLOAD, "payload is missing");
        }
    }

    private static JobException invalidJson(IOException e) {
        String what = e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage();
        String where = e instanceof JsonProcessingException json && json.getLocation() != null
                ? " at byte " + Math.max(0, json.getLocation().getByteOffset()) : "";
        return new JobException(ErrorCode.INVALID_JSON, "the message is not valid JSON" + where + ": " + Quoted.plain(what, 200));
    }
}
