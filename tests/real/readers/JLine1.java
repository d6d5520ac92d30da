/** JLine 1. */
final class JLine1 implements Rsautil.Reader {
    public String ask(String prompt, Character mask) throws Exception {
        return new jline.ConsoleReader().readLine(prompt, mask);
    }
}
