package dev.tarn.cuda;

import org.junit.platform.engine.discovery.ClassNameFilter;
import org.junit.platform.engine.discovery.DiscoverySelectors;
import org.junit.platform.launcher.Launcher;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.launcher.listeners.SummaryGeneratingListener;
import org.junit.platform.launcher.listeners.TestExecutionSummary;

/** The tests of this module, or some of them. */
final class CheckTests {
  private CheckTests() {}

  /**
   * Runs test classes.
   *
   * @param title of the table
   * @param pattern a regular expression for names of test classes
   */
  static CheckTable run(String title, String pattern) {
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(DiscoverySelectors.selectPackage("dev.tarn.cuda"))
            .filters(ClassNameFilter.includeClassNamePatterns(pattern))
            .build();
    SummaryGeneratingListener listener = new SummaryGeneratingListener();
    Launcher launcher = LauncherFactory.create();
    launcher.execute(request, listener);
    TestExecutionSummary summary = listener.getSummary();
    CheckTable table = new CheckTable(title, "found", "passed", "failed", "skipped", "seconds");
    table.row(
        summary.getTestsFoundCount(),
        summary.getTestsSucceededCount(),
        summary.getTotalFailureCount(),
        summary.getTestsSkippedCount() + summary.getTestsAbortedCount(),
        (summary.getTimeFinished() - summary.getTimeStarted()) / 1000.0);
    for (TestExecutionSummary.Failure failure : summary.getFailures()) {
      table.failure(
          failure.getTestIdentifier().getUniqueId() + ": " + failure.getException().getMessage());
    }
    return table.expect(summary.getTestsSucceededCount() > 0, "no test passed");
  }
}
