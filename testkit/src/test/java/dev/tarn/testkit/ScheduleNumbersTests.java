package dev.tarn.testkit;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tarn.optim.Plateau;
import dev.tarn.optim.Schedule;
import dev.tarn.optim.Schedules;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Forty values of each schedule against those of PyTorch. */
final class ScheduleNumbersTests {
  private static double[] numbers(String name) {
    PyTorchNumbers numbers = PyTorchNumbers.read("training_numbers");
    return PyTorchNumbers.numbers(numbers.object("schedules"), name);
  }

  private static Schedule schedule(String name) {
    return switch (name) {
      case "step" -> Schedules.step(0.5, 7, 0.5);
      case "multi_step" -> Schedules.multiStep(0.5, List.of(3L, 4L, 20L), 0.25);
      case "exponential" -> Schedules.exponential(0.5, 0.75);
      case "polynomial" -> Schedules.polynomial(0.5, 25, 2, 0);
      case "cosine" -> Schedules.cosine(0.5, 40, 0.01);
      case "warm_restarts" -> Schedules.warmRestarts(0.5, 5, 2, 0.01);
      case "warm_restarts_alike" -> Schedules.warmRestarts(0.5, 7, 1, 0);
      case "one_cycle" -> Schedules.oneCycle(0.5, 41, 0.3);
      case "warm_up" -> Schedules.exponential(0.5, 0.75).warmUp(5, 0.25);
      default -> throw new IllegalArgumentException(name);
    };
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "step",
        "multi_step",
        "exponential",
        "polynomial",
        "cosine",
        "warm_restarts",
        "warm_restarts_alike",
        "one_cycle",
        "warm_up"
      })
  void equalsPyTorch(String name) {
    double[] expected = numbers(name);
    Schedule schedule = schedule(name);
    for (int i = 0; i < expected.length; i++) {
      assertEquals(expected[i], schedule.at(i + 1), 1e-12, "update " + (i + 1));
    }
  }

  @Test
  void plateausEqualPyTorch() {
    assertPlateau("plateau", new Plateau(0.5, 2, 1e-4, 0, 0));
    assertPlateau("plateau_cooldown", new Plateau(0.5, 1, 0.1, 2, 0.25));
  }

  private static void assertPlateau(String name, Plateau plateau) {
    double[] losses = numbers("plateau_losses");
    double[] expected = numbers(name);
    Plateau.State state = Plateau.State.START;
    for (int i = 0; i < losses.length; i++) {
      state = plateau.next(state, losses[i]);
      assertEquals(expected[i], 0.5 * state.scale(), 1e-12, name + ", epoch " + (i + 1));
    }
  }

  @Test
  void whatComesAfterTheEndStays() {
    assertEquals(0.01, Schedules.cosine(0.5, 40, 0.01).at(1000));
    assertEquals(0.02, Schedules.polynomial(0.5, 40, 1, 0.02).at(1000));
    assertEquals(0.5 / 25e4, Schedules.oneCycle(0.5, 40, 0.3).at(1000), 1e-18);
    assertEquals(0.25, Schedules.step(0.5, 1, 0.5).per(7).at(8));
  }
}
