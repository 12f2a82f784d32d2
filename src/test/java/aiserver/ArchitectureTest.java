package aiserver;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.dependencies.SlicesRuleDefinition;
import java.util.Map;
import java.util.Set;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Holds the packages to the directions in which ARCHITECTURE.md lets them import each other. */
class ArchitectureTest {
    /** package -> the packages of this project that it may use beside itself; those of the outer ring may use all. */
    private static final Map<String, Set<String>> MAY_USE = Map.of(
            "job", Set.of(),
            "engine", Set.of(),
            "models", Set.of(),
            "redis", Set.of("job"),
            "service", Set.of("job", "engine"),
            "worker", Set.of("job", "redis", "service"));
    private static final Set<String> OUTER_RING = Set.of("cli", "config", "console");

    private static JavaClasses classes;

    @BeforeAll
    static void readClasses() {
        classes = new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests())
                .importPackages("aiserver", "bindings");
    }

    @Test
    void packagesImportDownwardsOnly() {
        MAY_USE.forEach((from, targets) -> {
            for (String to : MAY_USE.keySet()) {
                if (!to.equals(from) && !targets.contains(to)) {
                    noClasses().that().resideInAPackage("aiserver." + from + "..")
                            .should().dependOnClassesThat().resideInAPackage("aiserver." + to + "..")
                            .allowEmptyShould(true).check(classes);
                }
            }
            for (String to : OUTER_RING) {
                noClasses().that().resideInAPackage("aiserver." + from + "..")
                        .should().dependOnClassesThat().resideInAPackage("aiserver." + to + "..")
                        .allowEmptyShould(true).check(classes);
            }
        });
    }

    @Test
    void theServicesDoNotKnowEachOther() {
        SlicesRuleDefinition.slices().matching("aiserver.service.(*)..").should().notDependOnEachOther()
                .ignoreDependency(DescribedPredicate.alwaysTrue(), JavaClass.Predicates.resideInAPackage("aiserver.service.audio")).check(classes);
    }

    @Test
    void everyPackageHasItsPlaceInTheTable() {
        Set<String> known = new java.util.TreeSet<>(MAY_USE.keySet());
        known.addAll(OUTER_RING);
        classes.stream().map(type -> type.getPackageName()).filter(name -> name.startsWith("aiserver.")).distinct()
                .forEach(name -> Assertions.assertThat(known).contains(name.split("\\.")[1]));
    }

    @Test
    void onlyEnginesTouchNativeCode() {
        noClasses().that().resideOutsideOfPackages("aiserver.engine..", "bindings..")
                .should().dependOnClassesThat().resideInAnyPackage("java.lang.foreign..", "bindings..").check(classes);
    }

    @Test
    void onlyTheCodecKnowsJackson() {
        noClasses().that().resideInAnyPackage("aiserver.engine..", "aiserver.worker..", "aiserver.redis..")
                .should().dependOnClassesThat().resideInAPackage("com.fasterxml.jackson..").check(classes);
    }
}
