package aiserver.bench.measure;

import java.io.IOException;

/** A piece of the run that can be measured on its own; adds its rows as it gets them. */
interface Part {
    /** As {@code --only} names it. */
    String name();

    /** Whether its figures depend on who else uses the processors. */
    default boolean timed() {
        return true;
    }

    /**
     * @throws Rounds.Contended where the machine is not quiet
     * @throws IOException      where a model or program cannot be made
     */
    void measure(Setting setting, Results results) throws IOException;
}
