import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Plays rsautil: asks with the documented prompts through a library that reads lines, and prints the answer.
 *
 * Usage: Rsautil READER MASK TRIES STATE ARGUMENT...
 *
 * MASK is what the library shows for each character of a password, or "none". After a wrong password it asks again,
 * TRIES times in all. STATE is a folder: "password" holds the right password, "passwords" gets a line for each that was
 * typed, "marker" gets the value that the update sets, and what is printed is in COMMAND.err and COMMAND.out.
 */
final class Rsautil {
    /** A library that reads lines from a terminal. */
    interface Reader {
        /** Show PROMPT and return the line that was typed; it shows MASK for each character, 0 nothing, null itself. */
        String ask(String prompt, Character mask) throws Exception;
    }

    public static void main(String[] arguments) throws Exception {
        Reader reader = (Reader) Class.forName(arguments[0]).getDeclaredConstructor().newInstance();
        char mask = arguments[1].equals("none") ? '\0' : arguments[1].charAt(0);
        Path state = Path.of(arguments[3]);
        boolean update = arguments[4].equals("store");
        if (!update) {
            reader.ask("Please enter OC Administrator username:", null);
        }
        for (int tries = Integer.parseInt(arguments[2]); tries > 0; tries--) {
            String password = reader.ask("Please enter OC Administrator password:", mask);
            Files.writeString(state.resolve("passwords"), "asked\n", StandardOpenOption.APPEND);
            if (password.equals(Files.readString(state.resolve("password")))) {
                if (update) {
                    Files.writeString(state.resolve("marker"), arguments[10]);
                }
                System.err.print(Files.readString(state.resolve(arguments[4] + ".err")));
                System.out.print(Files.readString(state.resolve(arguments[4] + ".out")));
                return;
            }
            System.out.println("Invalid OC Administrator username or password.");
        }
        System.exit(1);
    }
}
