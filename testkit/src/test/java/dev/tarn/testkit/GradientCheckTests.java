package dev.tarn.testkit;

import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

class GradientCheckTests {
  @TestFactory
  Stream<DynamicTest> agreesWithFiniteDifferences() {
    return BackendConformance.tests(
        OpCases.all().stream().filter(opCase -> !opCase.differentiable().isEmpty()),
        GradientCheck::check);
  }
}
