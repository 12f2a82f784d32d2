package aiserver.service.order;

import aiserver.engine.AnswerForm;
import aiserver.engine.EngineException;
import aiserver.engine.Generation;
import aiserver.engine.RunControl;
import aiserver.engine.TextEngine;
import aiserver.engine.TextRequest;
import aiserver.job.ErrorCode;
import aiserver.job.JobException;
import aiserver.job.JobScope;
import aiserver.job.JsonObjects;
import aiserver.job.LanguageJob;
import aiserver.job.OrderAnalysis.Transition;
import aiserver.job.OrderAnalysis;
import aiserver.job.OrderContext;
import aiserver.job.OrderStage;
import aiserver.job.Recommendation.AppliedEvent;
import aiserver.job.Recommendation;
import aiserver.job.ShopEvent;
import aiserver.service.EngineErrors;
import aiserver.service.ScopeControl;
import aiserver.service.ShopLanguage;
import aiserver.service.order.RecommendationRanking.Candidate;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Understands a customer's sentence within its call, and recommends menus. The model reads and writes; what can be
 * computed is: the order's merging, the moves between stages, the ranking of menus, prices and discounts.
 *
 * <p>Owned by the worker, which gives it an engine and closes that engine itself. Safe from any thread; calls run side
 * by side as far as the engine has sequences for them.
 */
public final class QwenLLMService {
    private final TextEngine engine;
    private final LanguageSettings settings;
    private final PromptLibrary library;
    private final ShopClock clock;

    /** @throws IllegalArgumentException for a prompt file with a mistake, naming it, or a context that holds no order */
    public QwenLLMService(TextEngine engine, LanguageSettings settings) {
        this(engine, settings, Clock.systemUTC());
    }

    QwenLLMService(TextEngine engine, LanguageSettings settings, Clock clock) {
        this.engine = Objects.requireNonNull(engine, "engine");
        this.settings = Objects.requireNonNull(settings, "settings");
        this.library = new PromptLibrary(settings.promptDirectory());
        this.clock = new ShopClock(clock, settings.zone());
        if (answerTokens() < LanguageSettings.LEAST_ANSWER) {
            throw new IllegalArgumentException("language contextTokens cannot be " + engine.contextTokens()
                    + ": half of them are an answer's, which takes " + LanguageSettings.LEAST_ANSWER + " or more");
        }
    }

    /** Loads the model; returns at once if it is loaded. */
    public void loadModel(JobScope scope) {
        EngineErrors.translated(() -> engine.load(new ScopeControl(scope, "load")));
    }

    /** Frees the model after the runs in hand. */
    public void unloadModel() {
        EngineErrors.translated(engine::unload);
    }

    /**
     * What the model is told for a job, shortened as far as the model's context asks for.
     *
     * @throws JobException CONTEXT_TOO_LONG where the transcript alone does not fit, MODEL_NOT_AVAILABLE
     */
    public OrderPrompt buildPrompt(LanguageJob job) {
        return EngineErrors.retriedOnce(() -> {
            engine.load(RunControl.NONE);
            ShopLanguage language = languageOf(job);
            RunningEvents events = RunningEvents.of(job.events(), clock);
            OrderMenu menu = new OrderMenu(job.context().menu());
            return switch (job.operation()) {
                case ANALYZE_VOICE_ORDER -> analysisPrompt(job, menu, events, language);
                case GENERATE_PERSONALIZED_RECOMMENDATION -> {
                    RecommendationPrompt prompt = recommendationPrompt(job, menu, events, language);
                    yield prompt.ranked().isEmpty() ? new OrderPrompt(List.of(), events.notes())
                            : prompt.fitted(engine::countTokens, budget());
                }
            };
        });
    }

    /**
     * Understands the transcript: its intent, what it says of the order, the stage that the call moves to, what to answer.
     *
     * @throws JobException CONTEXT_TOO_LONG, INVALID_PAYLOAD for menu names out of bounds or too long for an answer, CANCELLED,
     *                      MODEL_NOT_AVAILABLE, OUT_OF_MEMORY, ENGINE_FAILED
     */
    public OrderAnalysis analyzeVoiceOrder(LanguageJob job, JobScope scope) {
        OrderMenu menu = new OrderMenu(job.context().menu());
        RunningEvents events = RunningEvents.of(job.events(), clock);
        ShopLanguage language = languageOf(job);
        return EngineErrors.retriedOnce(() -> {
            engine.load(new ScopeControl(scope, "load"));
            OrderPrompt prompt = analysisPrompt(job, menu, events, language);
            AnswerForm form = new OrderAnswerForm(menu, job.context().orderState()).template();
            Generation generation = answered(menu,
                    new TextRequest(prompt.messages(), form, answerTokens(), settings.sampling()), new ScopeControl(scope, "decode"));
            return concluded(job.context(), menu, OrderAnswer.of(generation), library.texts(language), prompt.notes());
        });
    }

    /**
     * Recommends a menu for the customer of the job: computed from history, menu and events; the reason is the model's.
     *
     * @throws JobException as {@link #analyzeVoiceOrder}
     */
    public Recommendation generatePersonalizedRecommendation(LanguageJob job, JobScope scope) {
        OrderMenu menu = new OrderMenu(job.context().menu());
        RunningEvents events = RunningEvents.of(job.events(), clock);
        ShopLanguage language = languageOf(job);
        RecommendationPrompt facts = recommendationPrompt(job, menu, events, language);
        if (facts.ranked().isEmpty()) {
            return new Recommendation(null, List.of(), library.texts(language).reasons().get("none"),
                    facts.profile().toResult(), List.of(), events.notes());
        }
        return EngineErrors.retriedOnce(() -> {
            engine.load(new ScopeControl(scope, "load"));
            OrderPrompt prompt = facts.fitted(engine::countTokens, budget());
            Generation generation = engine.generate(new TextRequest(prompt.messages(), RecommendationPrompt.form(),
                    answerTokens(), settings.sampling()), new ScopeControl(scope, "decode"));
            String reason = PromptWords.oneLine((String) JsonObjects.read(generation.text()).get("reason"));
            List<String> notes = new ArrayList<>(events.notes());
            notes.addAll(prompt.notes());
            Candidate best = facts.ranked().getFirst();
            return new Recommendation(described(best, facts.profile()),
                    facts.ranked().stream().skip(1).limit(RecommendationPrompt.ALTERNATIVES)
                            .map(candidate -> (Object) described(candidate, facts.profile())).toList(),
                    reason.isEmpty() ? facts.standardReason() : reason, facts.profile().toResult(),
                    facts.applied().stream().map(event -> applied(event, best.price())).toList(), List.copyOf(notes));
        });
    }

    private OrderPrompt analysisPrompt(LanguageJob job, OrderMenu menu, RunningEvents events, ShopLanguage language) {
        return new OrderPromptWriter(job, menu, events, library.texts(language), settings, clock)
                .fitted(engine::countTokens, budget());
    }

    private RecommendationPrompt recommendationPrompt(LanguageJob job, OrderMenu menu, RunningEvents events, ShopLanguage language) {
        CustomerProfile profile = CustomerProfile.of(job.history(), clock);
        List<Candidate> ranked = RecommendationRanking.rank(menu, profile, events, library.rules().rank());
        List<ShopEvent> applied = ranked.isEmpty() ? List.of() : events.applyingTo(ranked.getFirst().name());
        return new RecommendationPrompt(job, profile, ranked, applied, library.texts(language), settings.profile());
    }

    // A job brings nothing but names to the form: what makes that too large for an answer is the longest of the menu.
    private Generation answered(OrderMenu menu, TextRequest request, RunControl control) {
        try {
            return engine.generate(request, control);
        } catch (EngineException e) {
            if (e.kind() != EngineException.Kind.INVALID_INPUT || menu.isEmpty()) {
                throw e;
            }
            throw new JobException(ErrorCode.INVALID_PAYLOAD, "payload.context.menu does not fit an answer, its longest name is "
                    + Collections.max(menu.names(), Comparator.comparingInt(String::length)) + ": " + e.getMessage(), e);
        }
    }

    // What Java makes of an answer: the merged order, the stage, the questions that are still open.
    private OrderAnalysis concluded(OrderContext context, OrderMenu menu, OrderAnswer answer, PromptTexts texts, List<String> notes) {
        OrderStages stages = new OrderStages(library.rules(), menu);
        OrderStage from = OrderStages.from(context);
        List<String> questions = new ArrayList<>(answer.questions());
        Map<String, Object> order;
        Transition transition;
        if (answer.intent() == OrderIntent.CANCEL && library.rules().moves().get(OrderIntent.CANCEL).contains(OrderRules.Move.RESET)) {
            boolean certain = answer.confidence() >= library.rules().cancelConfidence();
            order = certain ? OrderStateMerge.cleared(context.orderState()) : context.orderState();
            transition = certain ? new Transition(from, OrderStage.GREETING, false, "cancelled")
                    : new Transition(from, from, false, "held back: cancel is not certain");
            if (!certain) {
                questions.addFirst(texts.questions().get("cancel"));
            }
        } else {
            order = OrderStateMerge.merge(context.orderState(), answer.said(), menu);
            transition = stages.decide(from, answer.state(), answer.intent(), order);
            List<OrderField> missing = stages.missing(answer.state(), order);
            if (questions.isEmpty() && !missing.isEmpty()) {
                questions.add(texts.questions().get(missing.getFirst().wireName()));
            }
        }
        String response = answer.response();
        if (response.isEmpty()) {
            response = questions.isEmpty() ? texts.questions().get(OrderField.NOTES.wireName()) : questions.getFirst();
        }
        return new OrderAnalysis(answer.intent().wireName(), answer.confidence(), response, answer.analysis(),
                answer.recommended() == null ? null : described(menu, answer.recommended()),
                answer.alternatives().stream().map(name -> (Object) described(menu, name)).toList(),
                List.copyOf(questions), order, transition.to(), transition, notes);
    }

    private static Map<String, Object> described(OrderMenu menu, String name) {
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("name", name);
        menu.item(name).map(OrderContext.MenuItem::price).ifPresent(price -> described.put("price", price));
        return described;
    }

    private static Map<String, Object> described(Candidate candidate, CustomerProfile profile) {
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("name", candidate.name());
        if (candidate.price() != null) {
            described.put("price", candidate.price());
        }
        if (candidate.style() > 0) {
            described.put("style", profile.preferredStyle());
        }
        return described;
    }

    private static AppliedEvent applied(ShopEvent event, Long price) {
        double percent = event.discountPercent() == null ? 0 : event.discountPercent();
        Long after = price == null ? null : BigDecimal.valueOf(price)
                .multiply(BigDecimal.valueOf(100).subtract(BigDecimal.valueOf(percent)))
                .divide(BigDecimal.valueOf(100), 0, RoundingMode.HALF_UP).longValueExact();
        return new AppliedEvent(event.name(), percent, after);
    }

    private ShopLanguage languageOf(LanguageJob job) {
        if (settings.language() != null) {
            return settings.language();
        }
        return ShopLanguage.ofScript(job.transcript() == null ? "" : job.transcript()).orElse(ShopLanguage.KOREAN);
    }

    // An answer takes at most half of the context, so that a prompt has room in a small one, too.
    private int answerTokens() {
        return Math.min(settings.maxAnswerTokens(), engine.contextTokens() / 2);
    }

    private int budget() {
        return engine.contextTokens() - answerTokens();
    }
}
