/** JLine 2. */
final class JLine2 implements Rsautil.Reader {
    public String ask(String prompt, Character mask) throws Exception {
        try (var reader = new jline.console.ConsoleReader()) {
            reader.setExpandEvents(false);
            return reader.readLine(prompt, mask);
        }
    }
}
