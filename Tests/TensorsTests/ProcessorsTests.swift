import Tensors
import Testing

@Test(arguments: [
  ("Name:\tx\nCpus_allowed:\t3\nCpus_allowed_list:\t0-1\n", 2),
  ("Cpus_allowed:\tf0,00000001\n", 5),
  ("Cpus_allowed:\tffffffff,ffffffff,ffffffff,ffffffff", 128),
  ("Cpus_allowed:\t0\n", nil), ("Cpus_allowed:\tall\n", nil), ("Cpus_allowed:\t", nil),
  ("Cpus_allowed_list:\t0-1\n", nil), ("", nil),
])
func `processors are counted from the mask of a process`(_ status: String, _ count: Int?) {
  #expect(Processors.allowed(status: status) == count)
}
