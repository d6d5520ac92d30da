import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.terminal.TerminalBuilder;

/** JLine 3. */
final class JLine3 implements Rsautil.Reader {
    public String ask(String prompt, Character mask) throws Exception {
        try (var terminal = TerminalBuilder.builder().system(true).build()) {
            var reader = LineReaderBuilder.builder().terminal(terminal).build();
            reader.setOpt(LineReader.Option.DISABLE_EVENT_EXPANSION);
            return reader.readLine(prompt, mask);
        }
    }
}
