using System.Runtime.InteropServices;

namespace Orchestrator.Inference.Sessions;

/// <summary>
/// The token ids of a <c>retrieval-datastore</c> folder: one little-endian unsigned 16-bit number a token, file <c>tokens</c> of the
/// manifest (default <c>datastore.bin</c>); field <c>tokens</c> is their count, <c>base</c> the model folder whose tokenizer made them.
/// </summary>
/// <param name="Folder">The folder it was read from.</param>
/// <param name="Base">Name of the causal-lm folder whose ids these are; null when not stated.</param>
/// <param name="Tokens">Ids, in the order of the text.</param>
public sealed record TokenDatastore(ModelFolder Folder, string? Base, ushort[] Tokens)
{
    /// <summary>Reads the whole datastore into memory: 2 bytes a token.</summary>
    /// <exception cref="ModelContractException">Wrong kind, no file, an odd number of bytes, or another count than the manifest's.</exception>
    public static TokenDatastore Load(ModelFolder folder)
    {
        if (folder.Kind != ModelKinds.Datastore)
        {
            throw new ModelContractException(folder.FolderPath, "kind", ModelKinds.Datastore, folder.Kind);
        }

        var path = folder.PathOf(folder.Manifest.Files.GetValueOrDefault("tokens", "datastore.bin"));
        if (!File.Exists(path))
        {
            throw new ModelContractException(path, "file", "token ids, 2 bytes each", "nothing", "Build the datastore again");
        }

        var bytes = File.ReadAllBytes(path);
        var stated = folder.Manifest.Integer("tokens");
        if (bytes.Length % 2 != 0 || (stated ?? bytes.Length / 2) != bytes.Length / 2)
        {
            throw new ModelContractException(path, "tokens", stated is null ? "an even number of bytes" : $"{stated} tokens of 2 bytes, as {ModelManifest.FileName} says", $"{bytes.Length} bytes", "Build the datastore again");
        }

        // The format is little-endian, and so is every machine ONNX Runtime is built for.
        return new TokenDatastore(folder, folder.Manifest.Text("base"), MemoryMarshal.Cast<byte, ushort>(bytes).ToArray());
    }

    internal static IReadOnlyList<VerificationRow> Verify(ModelFolder folder)
    {
        var store = Load(folder);
        var largest = store.Tokens.Length == 0 ? 0 : store.Tokens.Max();
        var limit = folder.Manifest.Integer("vocab_size") ?? BaseVocabulary(folder, store.Base);
        var fits = store.Tokens.Length > 0 && (limit is null || largest < limit);
        return [new VerificationRow("tokens", "tokens", "ids", fits ? 0 : double.PositiveInfinity, $"{store.Tokens.Length} tokens, largest id {largest}{(limit is null ? "" : $" of {limit}")}")];
    }

    private static int? BaseVocabulary(ModelFolder folder, string? name)
    {
        var path = name is null ? null : Path.Combine(Path.GetDirectoryName(folder.FolderPath)!, name);
        return path is not null && Directory.Exists(path) ? ModelFolder.Open(path).Manifest.Integer("vocab_size") : null;
    }
}
