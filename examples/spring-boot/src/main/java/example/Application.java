package example;

import dev.tarn.predict.Predictor;
import java.nio.file.Path;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.context.annotation.Bean;

/** Serves a model: {@code java -jar target/flowers.jar --model=runs/flowers-1}. */
@SpringBootApplication
public class Application {
  public static void main(String[] arguments) {
    SpringApplication.run(Application.class, arguments);
  }

  /** One predictor for all requests; Spring closes it with the application. */
  @Bean
  Predictor predictor(@Value("${model}") Path model) {
    return Predictor.open(model);
  }
}
