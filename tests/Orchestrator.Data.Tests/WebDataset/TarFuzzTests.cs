using Orchestrator.Data.WebDataset;

namespace Orchestrator.Data.Tests.WebDataset;

/// <summary>Seeded mutations of good archives: reading never throws, always ends, and never loses a sample in front of the damage.</summary>
public sealed class TarFuzzTests
{
    private const int Rounds = 400;

    public static TheoryData<string> Shards() => ["plain", "duplicates", "types", "pax-long", "gnu-long", "by-hand", "ustar-prefix", "zero-length"];

    [Theory, MemberData(nameof(Shards))]
    public void Read_MutatedArchive_EndsAndKeepsWhatCameBefore(string shard)
    {
        var original = Vector.Bytes($"shards/{shard}.tar");
        var expected = ReadAll(new MemoryStream(original)).Samples;
        for (var seed = 0; seed < Rounds; seed++)
        {
            var (bytes, firstChange) = Mutate(original, new Random(seed));
            var seekable = ReadAll(new MemoryStream(bytes));
            var trickled = ReadAll(new TrickleStream(new MemoryStream(bytes), 333));

            Assert.Equal(seekable.Samples.Select(Describe), trickled.Samples.Select(Describe));
            Assert.Equal(seekable.Damage, trickled.Damage);
            Assert.True(seekable.Samples.Count <= bytes.Length / 512);
            // A sample is closed by the header behind it; up to there nothing may have changed.
            var untouched = expected.Where((_, i) => i + 1 < expected.Count && FirstHeaderEnd(expected[i + 1]) <= firstChange).ToList();
            Assert.Equal(untouched.Select(Describe), seekable.Samples.Take(untouched.Count).Select(Describe));
        }
    }

    // Extended headers precede the header proper; two of them with one data block each is the longest prelude in the vectors.
    private static long FirstHeaderEnd(WebSample sample) => sample.Offset + (5 * 512);

    private static string Describe(WebSample sample) => $"{sample.Ordinal} {sample.Offset} {sample.Fault?.Kind} {ShardVectorTests.Describe(sample)}";

    private static (List<WebSample> Samples, ShardDamage? Damage) ReadAll(Stream stream)
    {
        using var reader = new TarShardReader(stream, new TarReadOptions { BufferBytes = 4096, MaxMemberBytes = 1 << 20 });
        return (reader.ReadAll().ToList(), reader.Damage);
    }

    private static (byte[] Bytes, long FirstChange) Mutate(byte[] original, Random random)
    {
        var bytes = (byte[])original.Clone();
        var first = (long)bytes.Length;
        for (var i = random.Next(1, 4); i > 0; i--)
        {
            var at = random.Next(bytes.Length);
            var block = at / 512 * 512;
            switch (random.Next(6))
            {
                case 0:
                    bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    bytes = bytes[..at];
                    break;
                case 2:
                    bytes = [.. bytes[..at], .. RandomBytes(random, random.Next(1, 1500)), .. bytes[at..]];
                    break;
                case 3:
                    bytes = [.. bytes[..block], .. bytes.Skip(block).Take(512), .. bytes[block..]];
                    at = block;
                    break;
                case 4:
                    RandomBytes(random, Math.Min(512, bytes.Length - block)).CopyTo(bytes, block);
                    at = block;
                    break;
                default:
                    // A header that lies and still checks: any field, then the right sum.
                    if (bytes.Length - block >= 512)
                    {
                        var field = (ReadOnlySpan<int>)[0, 124, 125, 156, 257, 345, 482];
                        bytes[block + field[random.Next(field.Length)]] = (byte)random.Next(256);
                        TarBytes.Seal(bytes.AsSpan(block, 512));
                    }

                    at = block;
                    break;
            }

            first = Math.Min(first, at);
            if (bytes.Length == 0)
            {
                break;
            }
        }

        return (bytes, first);
    }

    private static byte[] RandomBytes(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
