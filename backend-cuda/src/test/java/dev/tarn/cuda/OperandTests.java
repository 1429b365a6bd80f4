package dev.tarn.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.tarn.Shape;
import dev.tarn.cuda.Operand.Form;
import java.util.List;
import org.junit.jupiter.api.Test;

class OperandTests {
  @Test
  void everyFormIsRecognised() {
    expect(Form.FULL, List.of(), Shape.of(4, 5), Shape.of(4, 5));
    expect(Form.FULL, List.of(), Shape.of(4, 1, 5), Shape.of(4, 1, 5));
    expect(Form.SCALAR, List.of(), Shape.SCALAR, Shape.of(4, 5));
    expect(Form.SCALAR, List.of(), Shape.of(1, 1), Shape.of(4, 5));
    expect(Form.SCALAR, List.of(), Shape.of(1), Shape.of(1));
    expect(Form.ROW, List.of(5), Shape.of(5), Shape.of(3, 4, 5));
    expect(Form.ROW_ALIGNED, List.of(20), Shape.of(4, 5), Shape.of(3, 4, 5));
    expect(Form.COLUMN, List.of(5), Shape.of(3, 4, 1), Shape.of(3, 4, 5));
    expect(Form.COLUMN_ALIGNED, List.of(20), Shape.of(3, 1, 1), Shape.of(3, 4, 5));
    expect(Form.MIDDLE, List.of(5, 4), Shape.of(4, 1), Shape.of(3, 4, 5));
    expect(Form.GENERAL, List.of(3, 4, 5), Shape.of(3, 1, 5), Shape.of(3, 4, 5));
    expect(Form.GENERAL, List.of(2, 3, 4, 5), Shape.of(3, 1, 5), Shape.of(2, 3, 4, 5));
    expect(Form.GENERAL, List.of(2, 3, 4, 5, 1), Shape.of(2, 1, 4, 1), Shape.of(2, 3, 4, 5));
  }

  private static void expect(Form form, List<Integer> numbers, Shape shape, Shape target) {
    assertEquals(new Operand(form, numbers), Operand.of(shape, target, 4), shape + " to " + target);
  }
}
