using DuckDB.NET.Data;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orchestrator.Data.Scores;
using Orchestrator.Domain.Curation.Selection;

namespace Orchestrator.Data.Tests.Scores;

public sealed class ScorePartTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Property(MaxTest = 60)]
    public Property Write_ThenRead_IsTheSameRowsInAnyGrouping() => Prop.ForAll(Rows.ToArbitrary(), Gen.Choose(1, 7).ToArbitrary(), (rows, groupRows) =>
    {
        using var folder = new TemporaryFolder();
        using var reader = ScorePartReader.Open(Write(folder, "p.parquet", rows, groupRows)).Value;

        Assert.Equal(rows.Select(Describe), reader.ReadRows().Select(Describe));
        Assert.Equal((rows.Count, (rows.Count + groupRows - 1) / groupRows), ((int)reader.Rows, reader.Groups));
    });

    [Fact]
    public void Write_SameRows_SameBytes()
    {
        var rows = Many(25_000);

        Assert.Equal(File.ReadAllBytes(Write(_folder, "a", rows)), File.ReadAllBytes(Write(_folder, "b", rows)));
    }

    [Fact]
    public void ReadColumns_GivesOnlyThoseByGroup()
    {
        using var reader = ScorePartReader.Open(Write(_folder, "a", Many(25_000))).Value;
        var batches = reader.ReadColumns("basic-filter.words", ScoreColumn.Key).ToList();

        Assert.Equal([(0L, 10_000), (10_000L, 10_000), (20_000L, 5_000)], batches.Select(b => (b.FirstRow, b.Count)));
        Assert.Equal("key024999", batches[2].Text(ScoreColumn.Key)[^1]);
        Assert.Equal(24_999 % 20, batches[2].Signal("basic-filter.words")[^1]);
        Assert.Throws<KeyNotFoundException>(() => batches[0].Text(ScoreColumn.Text));
        Assert.Throws<ArgumentException>(() => reader.ReadColumns("nonsense").ToList());
        Assert.Equal(["clip", "basic-filter.words"], reader.Schema.Signals);
        Assert.Equal(["dedup.of"], reader.Schema.Tags);
    }

    [Fact]
    public void DuckDb_ReadsTheSameValuesAndTypes()
    {
        var rows = Many(12_345);
        var path = Write(_folder, "a.parquet", rows);
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();

        command.CommandText = $"SELECT string_agg(column_name || ' ' || column_type, ', ') FROM (DESCRIBE SELECT * FROM '{path}')";
        Assert.Equal(
            "shard VARCHAR, row BIGINT, key VARCHAR, uid VARCHAR, width INTEGER, height INTEGER, image_bytes BIGINT, text VARCHAR, clip FLOAT, basic-filter.words FLOAT, dedup.of VARCHAR, state VARCHAR, reason VARCHAR, output_shard VARCHAR, output_key VARCHAR",
            command.ExecuteScalar());

        command.CommandText = $"SELECT shard, row, key, width, text, clip, \"basic-filter.words\", state FROM '{path}' ORDER BY row";
        using var result = command.ExecuteReader();
        foreach (var row in rows)
        {
            Assert.True(result.Read());
            Assert.Equal(
                (row.Shard, row.Row, row.Key, row.Width, row.Text, row.Signals[0], row.Signals[1], row.State),
                (result.GetString(0), result.GetInt64(1), result.GetString(2), Nullable<int>(result, 3), result.IsDBNull(4) ? null : result.GetString(4),
                    Nullable<float>(result, 5), Nullable<float>(result, 6), result.IsDBNull(7) ? null : result.GetString(7)));
        }

        Assert.False(result.Read());
    }

    [Fact]
    public void File_NamesItsMakerAndNoLibraryVersion()
    {
        using var file = new ParquetSharp.ParquetFileReader(Write(_folder, "a", Many(3)));

        Assert.Equal("orchestrator", file.FileMetaData.CreatedBy);
    }

    [Fact]
    public void Open_MissingForeignCutOrIncomplete_IsAFault()
    {
        var whole = File.ReadAllBytes(Write(_folder, "a", Many(100)));

        Assert.Contains("no such", ScorePartReader.Open(_folder.File("none")).Fault?.Problem);
        Assert.Contains("cannot be read", ScorePartReader.Open(_folder.Put("empty")).Fault?.Problem);
        Assert.Contains("cannot be read", ScorePartReader.Open(_folder.Put("text", "not parquet at all"u8.ToArray())).Fault?.Problem);
        Assert.Contains("cannot be read", ScorePartReader.Open(_folder.Put("cut", whole[..^20])).Fault?.Problem);
        using (var other = new ParquetSharp.ParquetFileWriter(_folder.File("other"), [new ParquetSharp.Column<int>("x")]))
        {
            other.Close();
        }

        Assert.Contains("no column 'shard'", ScorePartReader.Open(_folder.File("other")).Fault?.Problem);
    }

    [Fact]
    public void ReadRows_DamagedBody_NamesTheFile()
    {
        var bytes = File.ReadAllBytes(Write(_folder, "a", Many(5000)));
        bytes.AsSpan(4, 2000).Fill(0xee);
        using var reader = ScorePartReader.Open(_folder.Put("damaged.parquet", bytes)).Value;

        Assert.Contains("damaged.parquet", Assert.Throws<InvalidDataException>(() => reader.ReadRows().Count()).Message);
    }

    [Theory]
    [InlineData("key")]
    [InlineData("State")]
    [InlineData("clip", "clip")]
    [InlineData("clip", "CLIP")]
    [InlineData(" ")]
    public void Schema_NameTaken_IsAFault(params string[] signals) => Assert.False(ScoreSchema.Create(signals).Ok);

    [Fact]
    public void Append_RowOfAnotherSchema_Throws()
    {
        using var writer = new ScorePartWriter(new MemoryStream(), ScoreSchema.Create(["clip"]).Value);

        Assert.Throws<ArgumentException>(() => writer.Append(new ScoreRow { Shard = "s", Row = 0, Key = "k", Signals = [] }));
    }

    [Fact]
    public void PartSource_SelectsAsAFullSort()
    {
        var rows = Many(3000);
        string[] parts = [Write(_folder, "0", rows[..1000], 300), Write(_folder, "1", rows[1000..1001]), Write(_folder, "2", rows[1001..], 128)];
        var cut = GlobalCut.Find(new ScorePartSource(parts, "basic-filter.words"), new CutRule.TopCount(500), maxCandidates: 10);
        var expected = rows.Where(r => r.State is null && r.Signals[1] is not null).OrderByDescending(r => r.Signals[1]).ThenBy(r => r.Key, StringComparer.Ordinal).Take(500).ToList();

        Assert.Equal(500, cut.Selected);
        Assert.Equal(expected[^1].Key, cut.Last?.Key);
        Assert.Equal(expected[^1].Signals[1], cut.Threshold);
        Assert.Throws<InvalidDataException>(() => GlobalCut.Find(new ScorePartSource([_folder.File("none")], "clip"), new CutRule.TopCount(1)));
    }

    private static Gen<List<ScoreRow>> Rows => Gen.ListOf(
        from shard in Gen.Elements("pool/0.tar", "雪.tar")
        from row in Gen.Choose(0, int.MaxValue)
        from key in Gen.Elements("a", "", "b/c", "été")
        from text in Gen.Elements(null, "", "a caption\nof two lines", new string('x', 3000))
        from width in Gen.Elements<int?>(null, 0, 640)
        from clip in Gen.Elements<float?>(null, 0.5f, -0f, float.NaN, float.PositiveInfinity)
        from words in Gen.Elements<float?>(null, 3f)
        from of in Gen.Elements(null, "", "a")
        from state in Gen.Elements(null, "kept", "rejected")
        select new ScoreRow { Shard = shard, Row = row, Key = key, Uid = of, Text = text, Width = width, Height = width, ImageBytes = row, Signals = [clip, words], Tags = [of], State = state, Reason = state, OutputShard = of, OutputKey = text })
        .Select(rows => rows.ToList());

    private static ScoreRow[] Many(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new ScoreRow
        {
            Shard = $"pool/{i / 10_000:00000000}.tar",
            Row = i,
            Key = $"key{i:000000}",
            Text = i % 5 == 0 ? null : $"caption {i}",
            Width = i % 3 == 0 ? null : i,
            Signals = [i % 7 == 0 ? null : i / 1000f, i % 11 == 0 ? null : i % 20],
            Tags = [null],
            State = i % 13 == 0 ? "rejected" : null,
        })];

    private static string Write(TemporaryFolder folder, string name, IEnumerable<ScoreRow> rows, int groupRows = ScorePartWriter.DefaultGroupRows)
    {
        using var output = File.Create(folder.File(name));
        using var writer = new ScorePartWriter(output, ScoreSchema.Create(["clip", "basic-filter.words"], ["dedup.of"]).Value, groupRows);
        foreach (var row in rows)
        {
            writer.Append(row);
        }

        writer.Finish();
        return folder.File(name);
    }

    private static T? Nullable<T>(DuckDBDataReader reader, int column)
        where T : struct => reader.IsDBNull(column) ? null : reader.GetFieldValue<T>(column);

    // Lists compare by reference in records; text compares by content.
    private static string Describe(ScoreRow row) =>
        string.Join('|', row with { Signals = [], Tags = [] }, string.Join(',', row.Signals.Select(s => s is null ? "null" : $"{BitConverter.SingleToInt32Bits(s.Value):x8}")), string.Join(',', row.Tags.Select(t => t ?? "null")));
}
