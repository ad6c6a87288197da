using System.CommandLine;
using Orchestrator.Api.Auth;

namespace Orchestrator.Cli.Commands;

/// <summary><c>key new</c> and <c>key hash</c>: what <c>Auth:Keys</c> needs. Both work without a server.</summary>
internal static class KeyVerb
{
    public static Command Create(GlobalOptions globals, Streams streams)
    {
        var make = new Command("new", "Make a key and print it with the hash that Auth:Keys takes. The key is shown once and kept nowhere.");
        make.Run(streams, (parsed, _) =>
        {
            var key = KeyRing.NewKey();
            if (parsed.GetValue(globals.Json))
            {
                JobVerbs.PrintJson(streams, new { Key = key, Hash = KeyRing.Hash(key) });
                return Task.FromResult(ExitCodes.Done);
            }

            streams.Out.WriteLine($"key   {key}");
            streams.Out.WriteLine($"hash  {KeyRing.Hash(key)}");
            return Task.FromResult(ExitCodes.Done);
        });
        var hash = new Command("hash", "Read a key from standard input and print the hash that Auth:Keys takes.");
        hash.Run(streams, (_, _) =>
        {
            // Not an argument: those stand in the shell's history and in the list of processes.
            var key = Console.In.ReadLine()?.Trim();
            if (string.IsNullOrEmpty(key))
            {
                throw new CliException(ExitCodes.Usage, "standard input is empty; for example: orchestrator key hash < key.txt");
            }

            streams.Out.WriteLine(KeyRing.Hash(key));
            return Task.FromResult(ExitCodes.Done);
        });
        return new Command("key", "Make API keys and the hashes that the server's configuration holds.") { make, hash };
    }
}
