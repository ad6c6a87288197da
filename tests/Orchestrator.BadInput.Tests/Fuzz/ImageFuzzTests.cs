using Orchestrator.BadInput.Tests.Corpus;
using Orchestrator.Inference.Images;

namespace Orchestrator.BadInput.Tests.Fuzz;

/// <summary>Mutated images through the decoder, in this process: libvips and its loaders are native code.</summary>
public sealed class ImageFuzzTests
{
    private const int Count = 3_000;
    private const long MaxPixels = 1_000_000;

    private static readonly ImageDecoder Decoder = new(new ImageDecoderOptions { MaxPixels = MaxPixels });

    // Every format and layout of the corpus; small ones, for many turns.
    private static readonly byte[][] Images =
    [
        .. BadImages.All.SelectMany(s => s.Members).Where(m => m.Extension != "txt" && m.Data.Length is > 8 and < 300_000).Select(m => m.Data),
        .. Enumerable.Range(0, 5).SelectMany(_ => BadImages.All).Where(s => s.End == BadSample.Kept).Select(s => s.Members[0].Data).Where(d => d.Length < 300_000),
    ];

    [Fact]
    public void Decode_MutatedImage_IsPixelsOrAFault()
    {
        var (before, seeds, decoded) = (GC.GetTotalAllocatedBytes(), 0, 0);
        var faults = new Dictionary<ImageFaultKind, int>();
        foreach (var seed in FuzzPlan.Seeds(Count))
        {
            var random = new Random(seed);
            var bytes = Mutations.Bytes(Images[random.Next(Images.Length)], Images, random);
            var (header, result) = (Decoder.ReadHeader(bytes), Decoder.Decode(bytes));
            seeds++;
            if (result.Ok)
            {
                decoded++;
                Assert.True(header.Ok && (header.Header.Width, header.Header.Height) == (result.Image.Width, result.Image.Height), $"seed {seed}: header and image differ");
                Assert.True((long)result.Image.Width * result.Image.Height <= MaxPixels, $"seed {seed}: {result.Image.Width} x {result.Image.Height}");
            }
            else
            {
                faults[result.Fault.Kind] = faults.GetValueOrDefault(result.Fault.Kind) + 1;
                Assert.True(result.Fault.Message.Length is > 0 and < 500, $"seed {seed}: '{result.Fault.Message}'");
                Assert.True(header.Ok || header.Fault.Kind == result.Fault.Kind, $"seed {seed}: the header says {header.Fault?.Kind}, decoding {result.Fault.Kind}");
            }
        }

        var found = string.Join(", ", faults.Select(f => $"{f.Value} {f.Key}"));
        TestContext.Current.SendDiagnosticMessage("{0} images, {1} decoded, {2}", seeds, decoded, found);
        Assert.True(seeds >= 10 && decoded > seeds / 20 && faults.Count >= 3, $"{seeds} images, {decoded} decoded, {found}: the mutations reach nothing");
        MemoryBound.Assert(before, allocated: seeds * 12_000_000L, peak: 1_500_000_000);
    }
}
