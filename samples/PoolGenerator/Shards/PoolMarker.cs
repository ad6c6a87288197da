using System.Security.Cryptography;
using System.Text.Json;

namespace Orchestrator.Samples.PoolGenerator.Shards;

/// <summary>
/// <c>pool.json</c> beside the truth: which options a pool was made from, and whether it was finished. It lets a second
/// run reuse the pool, and tells a pool of ours from somebody's folder.
/// </summary>
/// <param name="OptionsHash">SHA-256 of the options and of the generator's version, lower-case hexadecimal.</param>
/// <param name="Complete">False from the first byte written until the last.</param>
/// <param name="Files">Name and length in bytes of every file in the pool's folder.</param>
/// <param name="Defects">How many samples have each defect.</param>
internal sealed record PoolMarker(
    string OptionsHash, bool Complete, SortedDictionary<string, long> Files, SortedDictionary<DefectKind, int> Defects)
{
    private const string FileName = "pool.json";

    /// <summary>Raise it with every change that changes a byte of a pool.</summary>
    private const int GeneratorVersion = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static string HashOf(PoolOptions options) => Convert.ToHexStringLower(
        SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(new { GeneratorVersion, options })));

    public static PoolMarker? Load(string truthFolder)
    {
        var path = Path.Combine(truthFolder, FileName);
        return File.Exists(path) ? JsonSerializer.Deserialize<PoolMarker>(File.ReadAllBytes(path), Json) : null;
    }

    public void Save(string truthFolder)
    {
        var path = Path.Combine(truthFolder, FileName);
        File.WriteAllBytes(path + ".tmp", JsonSerializer.SerializeToUtf8Bytes(this, Json));
        File.Move(path + ".tmp", path, overwrite: true);
    }

    /// <summary>True if the pool was finished for these options and every file still has its length.</summary>
    public bool Describes(string folder, string optionsHash) => Complete && OptionsHash == optionsHash
        && Files.All(file => new FileInfo(Path.Combine(folder, file.Key)) is { Exists: true } info && info.Length == file.Value);
}
