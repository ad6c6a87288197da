using System.IO.Compression;
using Orchestrator.Data.Tests.WebDataset;
using static Orchestrator.BadInput.Tests.Corpus.ShardSteps;

namespace Orchestrator.BadInput.Tests.Corpus;

/// <summary>Archives that are cut, damaged, of another format, or hold what no sample is made of.</summary>
internal static class BadShards
{
    private const string Header = "bad-header";
    private const string Truncated = "truncated";
    private const string DamagedSample = "member-damaged-shard";
    private const string UnsafeName = "member-unsafe-name";

    public static IEnumerable<BadShard> All => [.. NoArchives, .. CutShort, .. Headers, .. Extended, .. Types, .. Names, .. Order];

    private static IEnumerable<BadShard> NoArchives =>
    [
        new("empty-file", "no bytes", [], 0, [], "empty"),
        new("one-byte", "one byte", [7], 0, [], Truncated),
        new("half-a-block", "511 zeros", new byte[511], 0, [], Truncated),
        new("only-zeros", "an end marker alone", new byte[1024], 0, []),
        new("many-zeros", "a megabyte of zeros", new byte[1 << 20], 0, []),
        new("random", "64 KiB of seeded random bytes", Random(1 << 16), 0, [], Header),
        new("text", "a text", Utf8(string.Concat(Enumerable.Repeat("not a tar\n", 200))), 0, [], Header),
        new("gzip", "a gzip-compressed tar", Compress(Good("a", "b").End()), 0, [], Header),
        new("bzip2", "the start of a bzip2 file", [.. "BZh91AY&SY"u8, .. Random(2000)], 0, [], Header),
        new("zip", "the start of a zip file", [.. "PK\x03\x04"u8, .. Random(2000)], 0, [], Header),
        new("parquet", "the start of a Parquet file", [.. "PAR1"u8, .. Random(2000)], 0, [], Header),
        new("html", "an error page saved as a tar", Utf8("<!DOCTYPE html><title>403 Forbidden</title>" + new string(' ', 1000)), 0, [], Header),
    ];

    private static IEnumerable<BadShard> CutShort
    {
        get
        {
            var whole = Good("a", "b", "c").End();
            var sample = (int)Good("a").Length;
            var image = 512 + ((BadSample.Picture.Length + 511) / 512 * 512);
            return
            [
                new("cut-in-first-header", "100 bytes", whole[..100], 0, [], Truncated),
                new("cut-after-first-header", "one header", whole[..512], 0, [DamagedSample], Truncated),
                new("cut-in-first-image", "half of the first image", whole[..(512 + (BadSample.Picture.Length / 2))], 0, [DamagedSample], Truncated),
                new("cut-in-padding", "the first image without its padding", whole[..(512 + BadSample.Picture.Length)], 0, [DamagedSample], Truncated),
                new("cut-between-members", "the second image without its caption", whole[..(sample + image)], 1, ["caption-missing"]),
                new("cut-in-second-header", "a sample and half a header", whole[..(sample + 256)], 0, [DamagedSample], Truncated),
                new("cut-in-second-image", "a sample and half an image", whole[..(sample + 512 + (BadSample.Picture.Length / 2))], 1, [DamagedSample], Truncated),
                new("cut-in-last-caption", "no padding behind the last caption", whole[..((3 * sample) - 500)], 2, [DamagedSample], Truncated),
                new("no-end-marker", "three samples and nothing else", whole[..(3 * sample)], 3, []),
                new("half-an-end-marker", "one zero block", whole[..((3 * sample) + 512)], 3, []),
                new("odd-end", "an end marker and 100 zeros", [.. whole, .. new byte[100]], 3, []),
                new("trailing-bytes", "random bytes behind the end marker", [.. whole, .. Random(512)], 3, [], "trailing-data"),
                new("two-archives", "two archives joined with cat", [.. Good("a").End(), .. Good("b").End()], 1, [], "trailing-data"),
            ];
        }
    }

    private static IEnumerable<BadShard> Headers
    {
        get
        {
            var second = Good("a").Length;
            byte[] Whole() => Good("a", "b", "c").End();
            BadShard At(string name, string how, int at, byte[] value, string? damage = Header, bool sealAgain = true) => new(
                name, how, Whole().Changed(second, b => value.CopyTo(b[at..]), sealAgain), 0, [DamagedSample], damage);
            return
            [
                At("bad-checksum", "one letter of the second sample's name", 0, [(byte)'z'], sealAgain: false),
                At("checksum-no-number", "letters where the checksum stands", 148, "xxxxxxxx"u8.ToArray(), sealAgain: false),
                At("size-no-number", "letters where the size stands", 124, "abcdefghijk"u8.ToArray()),
                At("size-not-octal", "the size in decimal digits", 124, "00000000898"u8.ToArray()),
                At("size-negative", "a size of -1 in base 256", 124, [.. Enumerable.Repeat((byte)0xFF, 12)]),
                At("size-beyond-64-bits", "a size of 2^88 in base 256", 124, [0x80, 1, .. new byte[10]]),
                new("size-8-gib", "a size of 8 GiB over a small file", Whole().Changed(second, b => "77777777777"u8.CopyTo(b.Span[124..])), 1, ["member-member-too-large"], Truncated),
                new("size-2-62", "a size of 2^62 in base 256", Whole().Changed(second, b => new byte[] { 0x80, 0, 0, 0, 0x40, 0, 0, 0, 0, 0, 0, 0 }.CopyTo(b[124..])), 1, ["member-member-too-large"], Truncated),
                new("size-200-mib", "a size of 200 MiB over a small file", Whole().Changed(second, b => "01440000000"u8.CopyTo(b.Span[124..])), 1, [DamagedSample], Truncated),
                new("size-too-small", "a size that ends inside the image", Whole().Changed(second, b => "00000000001"u8.CopyTo(b.Span[124..])), 1, [DamagedSample], Header),
                new("first-header-bad", "the first header overwritten", Whole().Changed(0, b => Random(512).CopyTo(b), sealAgain: false), 0, [], Header),
                new("zero-block-inside", "the second header overwritten with zeros", Whole().Changed(second, b => b.Span.Clear(), sealAgain: false), 1, [], "trailing-data"),
            ];
        }
    }

    private static IEnumerable<BadShard> Extended
    {
        get
        {
            BadShard Pax(string name, string how, string body, int kept, string[] quarantined, string? damage) => new(
                name, how, Good("a").File("PaxHeader"u8.ToArray(), Utf8(body), 'x').Good("b").End(), kept, quarantined, damage);
            var longName = new string('d', 150) + "/" + new string('e', 120);
            return
            [
                new("pax-long-name", "a PAX path of 275 letters", new TarBytes().Pax(("path", longName + ".png")).File("x.png"u8.ToArray(), BadSample.Picture).Pax(("path", longName + ".txt")).File("x.txt"u8.ToArray(), BadSample.Caption).End(), 0, ["name-unwritable"]),
                new("gnu-long-name", "a GNU long name of 275 letters", new TarBytes().File("././@LongLink"u8.ToArray(), Utf8(longName + ".png\0"), 'L').File("x.png"u8.ToArray(), BadSample.Picture).File("././@LongLink"u8.ToArray(), Utf8(longName + ".txt\0"), 'L').File("x.txt"u8.ToArray(), BadSample.Caption).End(), 0, ["name-unwritable"]),
                new("pax-global", "a global PAX header", new TarBytes().File("g"u8.ToArray(), Utf8("11 a=hello\n"), 'g').Good("a").End(), 1, []),
                new("pax-times", "PAX times", new TarBytes().Pax(("mtime", "1.5"), ("comment", "é")).Good("a").End(), 1, []),
                new("pax-path-climbs", "a PAX path that climbs", Good("a").Pax(("path", "../../etc/passwd.txt")).File("b.txt").End(), 1, [UnsafeName]),
                new("pax-path-nul", "a PAX path with NUL", Good("a").Pax(("path", "b\0.txt")).File("b.txt").End(), 1, [UnsafeName]),
                Pax("pax-no-length", "a record without a length", "path=b.txt\n", 0, [DamagedSample], Header),
                Pax("pax-length-zero", "a record of length 0", "0 path=b.txt\n", 0, [DamagedSample], Header),
                Pax("pax-length-long", "a record longer than the header", "999 path=b.txt\n", 0, [DamagedSample], Header),
                Pax("pax-length-overflow", "a length beyond 32 bits", "99999999999999999999 path=b\n", 0, [DamagedSample], Header),
                Pax("pax-no-equals", "a record without =", "7 path\n", 0, [DamagedSample], Header),
                Pax("pax-size-text", "a size that is no number", "12 size=abc\n", 0, [DamagedSample], Header),
                Pax("pax-size-negative", "a size of -1", "12 size=-01\n", 0, [DamagedSample], Header),
                new("pax-size-huge", "a PAX size of 2^60", Good("a").Pax(("size", "1152921504606846976")).File("b.png"u8.ToArray(), BadSample.Picture).End(), 1, ["member-member-too-large"], Truncated),
                new("pax-claims-2-gib", "an extended header that claims 2 GiB", Good("a").Header("PaxHeader", 1L << 31, 'x').End(), 0, [DamagedSample], Header),
                new("pax-at-end", "an extended header with no entry behind it", Good("a").Pax(("path", "b.txt")).End(), 0, [DamagedSample], Header),
                new("pax-at-end-of-file", "an extended header at the end of the file", Good("a").Pax(("path", "b.txt")).Open(), 0, [DamagedSample], Truncated),
                new("gnu-name-claims-1-gib", "a GNU long name that claims 1 GiB", Good("a").Header("././@LongLink", 1L << 30, 'L').End(), 0, [DamagedSample], Header),
                new("thousand-extended-headers", "1,000 extended headers before one entry", Enumerable.Range(0, 1000).Aggregate(Good("a"), (t, _) => t.Pax(("path", "c.txt"))).File("x"u8.ToArray(), BadSample.Caption).End(), 1, ["image-missing"]),
                new("sparse", "an old-GNU sparse member", Good("a").File("b.png"u8.ToArray(), BadSample.Picture, 'S').File("b.txt"u8.ToArray(), BadSample.Caption).End(), 1, ["member-sparse-member"]),
                new("sparse-pax", "a PAX sparse member", Good("a").Pax(("GNU.sparse.major", "1"), ("GNU.sparse.name", "b.png")).File("x"u8.ToArray(), BadSample.Picture).File("b.txt"u8.ToArray(), BadSample.Caption).End(), 1, ["member-sparse-member"]),
                new("sparse-endless", "sparse blocks that always announce another", SparseEndless(), 0, [DamagedSample], Truncated),
            ];
        }
    }

    private static IEnumerable<BadShard> Types
    {
        get
        {
            BadShard Other(char type, string what) => new(
                $"type-{(char.IsLetterOrDigit(type) ? type : '-')}", what, Good("a").Header("b.png", 0, type).Good("c").End(), 2, []);
            return
            [
                Other('1', "a hard link named like an image"), Other('2', "a symbolic link named like an image"), Other('3', "a character device"), Other('4', "a block device"),
                Other('5', "a folder"), Other('6', "a pipe"), Other('Z', "a type that nobody knows"),
                new("link-with-size", "a symbolic link that claims 8 GiB", Good("a").Header("b.png", 8L << 30, '2').Good("c").End(), 2, []),
                new("contiguous-file", "the type for contiguous files", new TarBytes().File("a.png"u8.ToArray(), BadSample.Picture, '7').File("a.txt"u8.ToArray(), BadSample.Caption, '\0').End(), 1, []),
                new("meta-members", "names between double underscores", Good("a").File("__key__").File("__meta__/x.txt").Good("b").End(), 2, []),
            ];
        }
    }

    private static IEnumerable<BadShard> Names
    {
        get
        {
            BadShard Unsafe(string name, byte[] member) => new($"name-{name}", $"a member named {Convert.ToHexString(member)}", Good("a").File(member, BadSample.Caption).Good("b").End(), 2, [UnsafeName]);
            BadShard Passed(string name, string member) => new($"name-{name}", $"a member named '{member}', which is no sample's", Good("a").File(Utf8(member), BadSample.Caption).Good("b").End(), 2, []);
            return
            [
                Unsafe("absolute", Utf8("/etc/passwd.txt")), Unsafe("climbing", Utf8("../../x.txt")), Unsafe("climbing-inside", Utf8("x/../../y.txt")), Unsafe("backslash", Utf8("..\\x.txt")),
                Unsafe("drive", Utf8("C:x.txt")), Unsafe("newline", Utf8("x\ny.txt")), Unsafe("escape", Utf8("x\u001b[31m.txt")), Unsafe("not-utf8", [0x78, 0xFF, 0xFE, .. ".txt"u8]), Unsafe("empty", []),
                Passed("without-extension", "README"), Passed("hidden", ".hidden.txt"),
                new("name-nul", "a name with NUL inside ends there", Good("a").File("b.png\0.exe"u8.ToArray(), BadSample.Picture).File("b.txt"u8.ToArray(), BadSample.Caption).End(), 2, []),
                new("name-same-as-device", "names that Windows reserves", Good("con", "nul", "aux").End(), 3, []),
                new("name-upper-case", "extensions in capitals", new TarBytes().File("a.PNG"u8.ToArray(), BadSample.Picture).File("a.TXT"u8.ToArray(), BadSample.Caption).End(), 1, []),
            ];
        }
    }

    private static IEnumerable<BadShard> Order =>
    [
        new("same-sample-twice", "one key with the same members again", Good("a", "a").End(), 2, []),
        new("key-comes-back", "a key that comes back behind another", Good("a", "b", "a").End(), 3, []),
        new("member-twice", "an image twice: the second begins a sample of its own", new TarBytes().File("a.png"u8.ToArray(), BadSample.Picture).File("a.png"u8.ToArray(), BadSample.Picture).File("a.txt"u8.ToArray(), BadSample.Caption).End(), 1, ["caption-missing"]),
        new("members-apart", "all images first, then all captions", new TarBytes().File("a.png"u8.ToArray(), BadSample.Picture).File("b.png"u8.ToArray(), BadSample.Picture).File("a.txt"u8.ToArray(), BadSample.Caption).File("b.txt"u8.ToArray(), BadSample.Caption).End(), 0, ["caption-missing", "caption-missing", "image-missing", "image-missing"]),
        new("too-many-members", "a sample of 1,200 members", Enumerable.Range(0, 1200).Aggregate(Good("a"), (t, i) => t.File($"b.x{i}", "")).End(), 1, ["member-too-many-members"]),
        new("thousand-empty-samples", "1,000 samples without a byte", Enumerable.Range(0, 1000).Aggregate(Good("a"), (t, i) => t.File($"e{i}.png", "")).End(), 1, [.. Enumerable.Repeat("caption-missing", 1000)]),
    ];

    private static byte[] SparseEndless()
    {
        var tar = Good("a");
        var header = new TarBytes().Header("b.png", 0, 'S').Open();
        header[482] = 1;
        TarBytes.Seal(header);
        var block = new byte[512];
        block[504] = 1;
        tar.Raw(header);
        for (var i = 0; i < 100; i++)
        {
            tar.Raw(block);
        }

        return tar.Open();
    }

    private static byte[] Compress(byte[] bytes)
    {
        var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest, leaveOpen: true))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    private static byte[] Random(int count)
    {
        var bytes = new byte[count];
        new Random(5).NextBytes(bytes);
        return bytes;
    }
}
