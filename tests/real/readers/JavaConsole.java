/** The console of the Java runtime. */
final class JavaConsole implements Rsautil.Reader {
    private final java.io.Console console = System.console();

    public String ask(String prompt, Character mask) {
        return mask == null ? console.readLine("%s", prompt) : new String(console.readPassword("%s", prompt));
    }
}
