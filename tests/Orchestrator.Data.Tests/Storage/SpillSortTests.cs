using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Orchestrator.Data.Storage;

namespace Orchestrator.Data.Tests.Storage;

public sealed class SpillSortTests
{
    [Property(MaxTest = 60)]
    public Property Sorted_AnyRunLength_IsTheSortedList() => Prop.ForAll(
        Gen.Choose(-50, 50).ListOf().ToArbitrary(), Gen.Choose(1, 20).ToArbitrary(), (numbers, run) =>
        {
            var folder = Directory.CreateTempSubdirectory("spill-").FullName;
            try
            {
                using (var sort = new SpillSort<int>(folder, Comparer<int>.Default, (to, n) => to.Write(n), from => from.ReadInt32(), run))
                {
                    foreach (var number in numbers)
                    {
                        sort.Add(number);
                    }

                    Assert.Equal(numbers.Count, sort.Count);
                    Assert.Equal(numbers.Order(), sort.Sorted());
                    Assert.Equal(numbers.Order(), sort.Sorted());
                    Assert.Equal(numbers.Count >= run, Directory.GetFiles(folder).Length > 0);
                }

                Assert.Empty(Directory.GetFiles(folder));
            }
            finally
            {
                Directory.Delete(folder, recursive: true);
            }
        });
}
