using Orchestrator.Data.Tests.WebDataset;

namespace Orchestrator.BadInput.Tests.Fuzz;

/// <summary>Seeded changes of bytes: the same seed gives the same bytes.</summary>
internal static class Mutations
{
    private static readonly byte[] Edges = [0, 1, 0x7F, 0x80, 0xFE, 0xFF];

    /// <summary>One to three changes anywhere: bits, edge values, deletions, insertions, repeats, swaps with another input.</summary>
    public static byte[] Bytes(byte[] original, IReadOnlyList<byte[]> others, Random random)
    {
        var bytes = (byte[])original.Clone();
        for (var i = random.Next(1, 4); i > 0 && bytes.Length > 0; i--)
        {
            // Half of the changes go to the front, where headers are.
            var at = random.Next(2) == 0 ? random.Next(bytes.Length) : random.Next(Math.Min(bytes.Length, 600));
            var count = Math.Min(bytes.Length - at, random.Next(1, 1 << random.Next(1, 10)));
            bytes = random.Next(9) switch
            {
                0 => Set(bytes, at, (byte)(bytes[at] ^ (1 << random.Next(8)))),
                1 => Set(bytes, at, Edges[random.Next(Edges.Length)]),
                2 => Fill(bytes, at, Math.Min(count, 8), Edges[random.Next(Edges.Length)]),
                3 => bytes[..at],
                4 => [.. bytes[..at], .. bytes[(at + count)..]],
                5 => [.. bytes[..at], .. Random(random, count), .. bytes[at..]],
                6 => [.. bytes[..(at + count)], .. bytes[at..]],
                7 => Overwrite(bytes, at, Random(random, count)),
                _ => Splice(bytes, at, others[random.Next(others.Count)], random, count),
            };
        }

        return bytes;
    }

    /// <summary>As above, and sometimes a header field that lies under a checksum that holds.</summary>
    public static byte[] Archive(byte[] original, IReadOnlyList<byte[]> others, Random random)
    {
        var bytes = random.Next(3) == 0 ? (byte[])original.Clone() : Bytes(original, others, random);
        for (var i = random.Next(0, 4); i > 0 && bytes.Length >= 512; i--)
        {
            var block = bytes.AsSpan(random.Next(bytes.Length / 512) * 512, 512);
            ReadOnlySpan<int> fields = [0, 99, 124, 125, 130, 135, 156, 156, 156, 257, 345, 482];
            block[fields[random.Next(fields.Length)]] = random.Next(2) == 0 ? (byte)random.Next(256) : "0123456789xgLKSZ"u8[random.Next(16)];
            TarBytes.Seal(block);
        }

        return bytes;
    }

    private static byte[] Set(byte[] bytes, int at, byte value)
    {
        bytes[at] = value;
        return bytes;
    }

    private static byte[] Fill(byte[] bytes, int at, int count, byte value)
    {
        bytes.AsSpan(at, count).Fill(value);
        return bytes;
    }

    private static byte[] Overwrite(byte[] bytes, int at, byte[] with)
    {
        with.CopyTo(bytes, at);
        return bytes;
    }

    private static byte[] Splice(byte[] bytes, int at, byte[] other, Random random, int count)
    {
        var from = random.Next(other.Length);
        return [.. bytes[..at], .. other.AsSpan(from, Math.Min(count, other.Length - from)), .. bytes[at..]];
    }

    private static byte[] Random(Random random, int count)
    {
        var bytes = new byte[count];
        random.NextBytes(bytes);
        return bytes;
    }
}
