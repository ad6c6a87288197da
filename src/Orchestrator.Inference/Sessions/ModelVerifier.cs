using Orchestrator.Inference.Images;

namespace Orchestrator.Inference.Sessions;

/// <summary>One golden vector against what this machine computes.</summary>
/// <param name="Case">What was run, such as <c>image 3</c> or <c>text 0</c>.</param>
/// <param name="Measure">What was compared: <c>embedding</c>, <c>cosine</c>, <c>ids</c>.</param>
/// <param name="Deviation">Largest relative deviation, 0 or more: for an embedding the norm of the difference of unit vectors; for a cosine the absolute difference; for ids 0 or infinity.</param>
/// <param name="Detail">One short line for a table: cosine to the golden vector, values compared.</param>
public sealed record VerificationRow(string Case, string Measure, double Deviation, string Detail);

/// <summary>Outcome of a folder's golden vectors.</summary>
/// <param name="Model">Folder name.</param>
/// <param name="Kind">Kind.</param>
/// <param name="Digest">Digest of the folder.</param>
/// <param name="Provider">Provider that ran it.</param>
/// <param name="Tolerance">Largest deviation the golden file allows at this precision; 1e-4 (fp32) or 1e-2 (fp16) where it states none.</param>
/// <param name="Rows">One row a comparison.</param>
public sealed record VerificationReport(string Model, string Kind, string Digest, string Provider, double Tolerance, IReadOnlyList<VerificationRow> Rows)
{
    /// <summary>True when every deviation is within the tolerance; false when one is not a number.</summary>
    public bool Passed => LargestDeviation <= Tolerance;

    /// <summary>Largest deviation of all rows; NaN when a value is not a number.</summary>
    public double LargestDeviation => Rows.Count == 0 ? 0 : Rows.Any(r => double.IsNaN(r.Deviation)) ? double.NaN : Rows.Max(r => r.Deviation);
}

/// <summary>Runs a model folder's golden vectors: raw image bytes and raw strings through the whole path, against stored results.</summary>
public static class ModelVerifier
{
    /// <summary>Loads the model, runs every golden case, reports each deviation. A folder without golden vectors reports no rows.</summary>
    /// <exception cref="ModelContractException">The folder or its golden file is broken, or the kind has no verifier here.</exception>
    public static VerificationReport Verify(ModelFolder folder, InferenceOptions options)
    {
        using var encoder = DualEncoder.Load(folder, options);
        var golden = GoldenVectors.Read(folder);
        var rows = new List<VerificationRow>();
        var images = new Dictionary<string, float[]>(StringComparer.Ordinal);
        var texts = new Dictionary<string, float[]>(StringComparer.Ordinal);
        var decoder = new ImageDecoder();
        foreach (var image in golden.Images)
        {
            var decoded = decoder.Decode(image.Bytes);
            if (!decoded.Ok)
            {
                throw new ModelContractException(golden.File, image.Name, "an image that decodes", decoded.Fault.Message);
            }

            images[image.Name] = encoder.EncodeImages([decoded.Image]);
            Compare(image.Name, images[image.Name], image.Embedding, golden.File, rows);
        }

        foreach (var text in golden.Texts)
        {
            texts[text.Name] = encoder.EncodeTexts([text.Text]);
            if (text.Ids is not null)
            {
                var ids = new long[encoder.Tokenizer.ContextLength];
                var length = encoder.Tokenizer.Encode(text.Text, ids);
                // Some exporters store the ids without their padding.
                var same = ids.AsSpan(0, Math.Min(ids.Length, Math.Max(text.Ids.Length, length))).SequenceEqual(text.Ids);
                rows.Add(new VerificationRow(text.Name, "ids", same ? 0 : double.PositiveInfinity, same ? $"{length} equal" : $"differ: [{string.Join(' ', ids.Take(length))}]"));
            }

            Compare(text.Name, texts[text.Name], text.Embedding, golden.File, rows);
        }

        var cosine = new float[1];
        foreach (var pair in golden.Pairs)
        {
            Embeddings.RowCosines(images[pair.Image], texts[pair.Text], encoder.Width, cosine);
            rows.Add(new VerificationRow($"{pair.Image}, {pair.Text}", "cosine", Math.Abs(cosine[0] - pair.Cosine), $"{cosine[0]:F6} against {pair.Cosine:F6}"));
        }

        return new VerificationReport(folder.Name, folder.Kind, folder.Digest, encoder.Provider, options.Precision == InferencePrecision.Fp16 ? golden.HalfTolerance : golden.Tolerance, rows);
    }

    private static void Compare(string name, float[] actual, float[]? golden, string file, List<VerificationRow> rows)
    {
        if (golden is null)
        {
            return;
        }

        if (golden.Length != actual.Length)
        {
            throw new ModelContractException(file, name, $"an embedding of {actual.Length} floats, the model's width", golden.Length.ToString());
        }

        // Stored embeddings may be normalised or not: directions are compared.
        var expected = (float[])golden.Clone();
        Embeddings.Normalize(expected, expected.Length);
        double difference = 0, dot = 0;
        for (var i = 0; i < actual.Length; i++)
        {
            difference += Math.Pow(actual[i] - (double)expected[i], 2);
            dot += actual[i] * (double)expected[i];
        }

        rows.Add(new VerificationRow(name, "embedding", Math.Sqrt(difference), $"cosine {dot:F7}"));
    }
}
