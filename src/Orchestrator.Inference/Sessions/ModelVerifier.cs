using Microsoft.ML.OnnxRuntime;

namespace Orchestrator.Inference.Sessions;

/// <summary>One golden vector against what this machine computes.</summary>
/// <param name="Run">Group of cases a table shows as one line: <c>images</c>, <c>texts</c>, <c>pairs</c>, <c>tokenizer</c>, or the name of a golden run.</param>
/// <param name="Case">What was run, such as <c>image 3</c> or <c>text 0</c>; the run's name for a golden run.</param>
/// <param name="Measure">What was compared: <c>embedding</c>, <c>cosine</c>, <c>ids</c>, the name of a graph output, <c>load</c>, or <c>error</c>.</param>
/// <param name="Deviation">
/// Largest relative deviation, 0 or more: for an embedding the norm of the difference of unit vectors; for a cosine the absolute
/// difference; for a graph output max|a - b| / max|b| over the tensor; for ids, masks and counts 0 or infinity; for an error
/// not a number.
/// </param>
/// <param name="Detail">One short line for a table: cosine to the golden vector, values compared; of an error the complaint.</param>
public sealed record VerificationRow(string Run, string Case, string Measure, double Deviation, string Detail);

/// <summary>Outcome of a folder's golden vectors.</summary>
/// <param name="Model">Folder name.</param>
/// <param name="Kind">Kind.</param>
/// <param name="Digest">Digest of the folder.</param>
/// <param name="Provider">Provider that ran it; <c>none</c> where nothing is run.</param>
/// <param name="Tolerance">Largest deviation allowed: 1e-4 (fp32) or 1e-2 (fp16), or less where the golden file states less.</param>
/// <param name="Rows">One row a comparison.</param>
public sealed record VerificationReport(string Model, string Kind, string Digest, string Provider, double Tolerance, IReadOnlyList<VerificationRow> Rows)
{
    /// <summary>True when every deviation is within the tolerance; false when one is not a number.</summary>
    public bool Passed => LargestDeviation <= Tolerance;

    /// <summary>Largest deviation of all rows; NaN when a value is not a number.</summary>
    public double LargestDeviation => Worst(Rows)?.Deviation ?? 0;

    /// <summary>The worst row of each run, runs in the order they were made.</summary>
    public IReadOnlyList<VerificationRow> Runs() => [.. Rows.GroupBy(r => r.Run).Select(run => Worst(run)!)];

    private static VerificationRow? Worst(IEnumerable<VerificationRow> rows) => rows.MaxBy(r => double.IsNaN(r.Deviation) ? double.PositiveInfinity : r.Deviation);
}

/// <summary>Loads a model folder and runs its golden vectors.</summary>
public static class ModelVerifier
{
    private const double Tolerance = 1e-4;
    private const double HalfTolerance = 1e-2;

    /// <summary>
    /// Loads every graph of the folder in one precision, runs every golden case, reports each deviation. Dual encoders: raw image
    /// bytes and raw strings through the whole path; other kinds: golden tensors through each graph, and texts through the tokenizer;
    /// a retrieval datastore: its tokens against its manifest.
    /// </summary>
    /// <exception cref="ModelContractException">The manifest or the golden file is broken, or the precision is not there; for a dual encoder, any fault.</exception>
    public static VerificationReport Verify(ModelFolder folder, InferenceOptions options)
    {
        ModelKinds.CheckFiles(folder);
        var half = options.Precision == InferencePrecision.Fp16;
        if (half)
        {
            CheckHalf(folder);
        }

        var limit = half ? HalfTolerance : Tolerance;
        try
        {
            var (provider, stated, rows) = folder.Kind switch
            {
                "clip" or "siglip" => DualEncoderVerifier.Verify(folder, options),
                ModelKinds.Datastore => ("none", null, TokenDatastore.Verify(folder)),
                _ => GraphVerifier.Verify(folder, options),
            };
            return new VerificationReport(folder.Name, folder.Kind, folder.Digest, provider, Math.Min(limit, stated ?? limit), rows);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelContractException(folder.FolderPath, "files", "graphs that run", e.Message, "Export the graphs again", e);
        }
    }

    /// <summary>Running falls back to the single-precision file; a verification must not, or it would vouch for what is not there.</summary>
    private static void CheckHalf(ModelFolder folder)
    {
        var files = folder.Manifest.Files;
        foreach (var role in files.Where(f => !f.Key.EndsWith("_fp16", StringComparison.Ordinal) && f.Value.EndsWith(".onnx", StringComparison.Ordinal)).Select(f => f.Key))
        {
            if (!files.TryGetValue(role + "_fp16", out var name))
            {
                throw new ModelContractException(folder.PathOf(ModelManifest.FileName), $"files.{role}_fp16", "the half-precision twin of every graph, since another one has it", "nothing", "Export it and name it");
            }

            if (!File.Exists(folder.PathOf(name)))
            {
                throw new ModelContractException(folder.PathOf(name), "file", $"an ONNX graph, as files.{role}_fp16 says", "nothing", "Export the half-precision graph again");
            }
        }
    }
}
