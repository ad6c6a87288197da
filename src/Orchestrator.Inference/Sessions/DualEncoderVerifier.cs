using Orchestrator.Inference.Images;

namespace Orchestrator.Inference.Sessions;

/// <summary>Golden vectors of a <c>clip</c> or <c>siglip</c> folder: raw image bytes and raw strings through the whole path, against stored results.</summary>
internal static class DualEncoderVerifier
{
    public static (string Provider, double? Tolerance, IReadOnlyList<VerificationRow> Rows) Verify(ModelFolder folder, InferenceOptions options)
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
            Compare("images", image.Name, images[image.Name], image.Embedding, golden.File, rows);
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
                rows.Add(new VerificationRow("tokenizer", text.Name, "ids", same ? 0 : double.PositiveInfinity, same ? $"{length} equal" : $"differ: [{string.Join(' ', ids.Take(length))}]"));
            }

            Compare("texts", text.Name, texts[text.Name], text.Embedding, golden.File, rows);
        }

        var cosine = new float[1];
        foreach (var pair in golden.Pairs)
        {
            Embeddings.RowCosines(images[pair.Image], texts[pair.Text], encoder.Width, cosine);
            rows.Add(new VerificationRow("pairs", $"{pair.Image}, {pair.Text}", "cosine", Math.Abs(cosine[0] - pair.Cosine), $"{cosine[0]:F6} against {pair.Cosine:F6}"));
        }

        return (encoder.Provider, options.Precision == InferencePrecision.Fp16 ? golden.HalfTolerance : golden.Tolerance, rows);
    }

    private static void Compare(string run, string name, float[] actual, float[]? golden, string file, List<VerificationRow> rows)
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

        rows.Add(new VerificationRow(run, name, "embedding", Math.Sqrt(difference), $"cosine {dot:F7}"));
    }
}
