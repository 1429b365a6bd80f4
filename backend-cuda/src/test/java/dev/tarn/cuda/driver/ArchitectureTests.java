package dev.tarn.cuda.driver;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

@AnalyzeClasses(packages = "dev.tarn.cuda", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTests {
  @ArchTest
  static final ArchRule ONLY_THE_DRIVER_LAYER_USES_JCUDA =
      noClasses()
          .that()
          .resideOutsideOfPackage("dev.tarn.cuda.driver")
          .should()
          .dependOnClassesThat()
          .resideInAPackage("jcuda..");

  @ArchTest
  static final ArchRule THE_DRIVER_LAYER_DEPENDS_ON_NOTHING_ELSE_OF_TARN =
      noClasses()
          .that()
          .resideInAPackage("dev.tarn.cuda.driver")
          .should()
          .dependOnClassesThat(
              resideInAPackage("dev.tarn..").and(resideOutsideOfPackage("dev.tarn.cuda.driver")));
}
