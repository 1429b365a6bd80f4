package dev.tarn;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What may depend on what inside the api module. */
@AnalyzeClasses(packages = "dev.tarn", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {
  private static final String[] OUTSIDE = {"java..", "org.jspecify..", "org.slf4j.."};

  @ArchTest
  static final ArchRule IR = onlyDependsOn("dev.tarn.ir", "dev.tarn", "dev.tarn.internal");

  @ArchTest
  static final ArchRule TRANSFORM =
      onlyDependsOn("dev.tarn.transform", "dev.tarn", "dev.tarn.internal", "dev.tarn.ir");

  @ArchTest
  static final ArchRule BACKEND =
      onlyDependsOn(
          "dev.tarn.backend", "dev.tarn", "dev.tarn.internal", "dev.tarn.ir", "dev.tarn.transform");

  @ArchTest
  static final ArchRule REFERENCE =
      onlyDependsOn(
          "dev.tarn.reference",
          "dev.tarn",
          "dev.tarn.internal",
          "dev.tarn.ir",
          "dev.tarn.transform",
          "dev.tarn.backend");

  @ArchTest static final ArchRule INTERNAL = onlyDependsOn("dev.tarn.internal");

  @ArchTest
  static final ArchRule NO_BACKEND_MODULE =
      noClasses()
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "dev.tarn.cpu..", "dev.tarn.cuda..", "dev.tarn.cli..", "dev.tarn.testkit..");

  @ArchTest
  static final ArchRule LAYERS =
      layeredArchitecture()
          .consideringOnlyDependenciesInLayers()
          .layer("vocabulary")
          .definedBy("dev.tarn", "dev.tarn.ir", "dev.tarn.internal")
          .layer("transform")
          .definedBy("dev.tarn.transform")
          .layer("backend")
          .definedBy("dev.tarn.backend")
          .layer("reference")
          .definedBy("dev.tarn.reference")
          .layer("nn")
          .definedBy("dev.tarn.nn")
          .layer("loss")
          .definedBy("dev.tarn.loss")
          .layer("optim")
          .definedBy("dev.tarn.optim")
          .layer("data")
          .definedBy("dev.tarn.data")
          .layer("train")
          .definedBy("dev.tarn.train")
          .layer("config")
          .definedBy("dev.tarn.config")
          .layer("predict")
          .definedBy("dev.tarn.predict")
          .whereLayer("predict")
          .mayNotBeAccessedByAnyLayer()
          .whereLayer("config")
          .mayOnlyBeAccessedByLayers("predict")
          .whereLayer("train")
          .mayOnlyBeAccessedByLayers("config", "predict")
          .whereLayer("nn")
          .mayOnlyBeAccessedByLayers("loss", "optim", "train", "config", "predict")
          .whereLayer("loss")
          .mayOnlyBeAccessedByLayers("train", "config", "predict")
          .whereLayer("optim")
          .mayOnlyBeAccessedByLayers("train", "config")
          .whereLayer("data")
          .mayOnlyBeAccessedByLayers("train", "config", "predict")
          .whereLayer("reference")
          .mayOnlyBeAccessedByLayers("train", "config")
          .withOptionalLayers(true);

  @ArchTest
  static final ArchRule NO_CYCLES = slices().matching("dev.tarn.(*)..").should().beFreeOfCycles();

  private static ArchRule onlyDependsOn(String from, String... packages) {
    return classes()
        .that()
        .resideInAPackage(from)
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(OUTSIDE)
                .or(resideInAnyPackage(packages))
                .or(resideInAPackage(from)));
  }
}
