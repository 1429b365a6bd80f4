package example;

import dev.tarn.data.RowException;
import dev.tarn.predict.Prediction;
import dev.tarn.predict.Predictor;
import dev.tarn.predict.PredictorBusyException;
import java.util.Map;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;

/** Answers a row of features, raw as in the training data, with its class. */
@RestController
class PredictController {
  /** What is answered. */
  record Answer(String label, Map<String, Float> probabilities) {}

  private final Predictor predictor;

  PredictController(Predictor predictor) {
    this.predictor = predictor;
  }

  @PostMapping("/predict")
  Answer predict(@RequestBody Map<String, Object> row) {
    Prediction prediction = predictor.predict(row);
    return new Answer(prediction.label(), prediction.probabilities());
  }

  @ExceptionHandler
  @ResponseStatus(HttpStatus.BAD_REQUEST)
  Map<String, String> wrongRow(RowException e) {
    return Map.of("error", e.getMessage());
  }

  @ExceptionHandler
  @ResponseStatus(HttpStatus.SERVICE_UNAVAILABLE)
  Map<String, String> busy(PredictorBusyException e) {
    return Map.of("error", e.getMessage());
  }
}
