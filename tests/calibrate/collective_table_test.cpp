// Readers of published tables of collectives: one short sample of each form, in its own columns and units, and the
// messages for tables of no form.
#include <catch2/catch.hpp>

#include "calibrate/tables/collective_table.hpp"
#include "sim/base/error.hpp"

using namespace orrery;
using namespace orrery::calibrate;

TEST_CASE("a message size in elements becomes bytes by the type") {
  const auto table = read_collectives(
      "system,nccl_version,collective,dtype,num_gpus,message_size,latency_ms\n"
      "a100_sxm,2.27.3,all_gather,half,2,256,0.00898\n"
      "a100_sxm,2.27.3,alltoall,int8,8,256,0.01\n",
      "t.csv");
  CHECK(table.form == "aiconfigurator_nccl");
  REQUIRE(table.rows.size() == 2);
  CHECK(table.rows[0].subject == cost::FabricCase{CollectiveKind::all_gather, Bytes(512), 2, 1});
  CHECK(table.rows[0].seconds == Approx(8.98e-6));
  CHECK(table.rows[0].stack == "nccl 2.27.3");
  CHECK(table.rows[0].line == 2);
  CHECK(table.rows[1].subject == cost::FabricCase{CollectiveKind::all_to_all, Bytes(256), 8, 1});
}

TEST_CASE("kernels of inference engines are stacks of their own") {
  const auto table = read_collectives(
      "system,framework,version,kernel_source,dtype,num_gpus,message_size,latency_ms\n"
      "a100_sxm,vllm,0.14.0,vLLM_custom_eager,bfloat16,2,128,0.0443792\n",
      "t.csv");
  CHECK(table.form == "aiconfigurator_custom_allreduce");
  CHECK(table.rows.at(0).stack == "vllm 0.14.0 vLLM_custom_eager");
  CHECK(table.rows.at(0).subject == cost::FabricCase{CollectiveKind::all_reduce, Bytes(256), 2, 1});
}

TEST_CASE("ranks per node give the number of nodes") {
  const auto table = read_collectives(
      "node_sku,min_ms,max_ms,mean_ms,median_ms,std_ms,rank,num_workers,size,collective,devices_per_node,"
      "max_devices_per_node\n"
      "a100_dgx,0.031,0.077,0.0503333,0.043,0.0194822,0,8,2048,send_recv,4,8\n",
      "t.csv");
  CHECK(table.form == "vidur_network");
  CHECK(table.rows.at(0).subject == cost::FabricCase{CollectiveKind::point_to_point, Bytes(2048), 8, 2});
  CHECK(table.rows.at(0).seconds == Approx(43e-6));
}

TEST_CASE("an nccl-tests log gives the time out of place and says what the network is") {
  const auto table = read_collectives(
      "run_id,collective,gpu,nranks,nodes,net,node,nic_gbps,size_bytes,dtype,oop_time_us,oop_algbw_GBps,"
      "oop_busbw_GBps,ip_time_us,ip_algbw_GBps,ip_busbw_GBps,source\n"
      "0,all_reduce,A100-SXM4-80GB,16,2,AWS 4x100Gb EFA,p4de,400,8,float,164.3,0,0,163.3,0,0,\"a, page\"\n",
      "t.csv");
  CHECK(table.form == "nccl_tests");
  const CollectiveRow& row = table.rows.at(0);
  CHECK(row.seconds == Approx(164.3e-6));
  CHECK(row.gbit == 400.0);
  CHECK(row.network.find("EFA") != std::string::npos);
  CHECK(row.subject == cost::FabricCase{CollectiveKind::all_reduce, Bytes(8), 16, 2});
}

// busbw = S / time * 2 (n-1)/n for all-reduce.
TEST_CASE("a bus bandwidth becomes a time") {
  const auto table = read_collectives(
      "gpu,nranks,nodes,collective,size_bytes,algo,nvls,busbw_GBps\nH200,4,1,all_reduce,3000000000,Ring,off,450\n", "t.csv");
  CHECK(table.form == "ml_engineering");
  CHECK(table.rows.at(0).seconds == Approx(0.01));
  CHECK(table.rows.at(0).stack == "nvls off");
  const auto plot = read_collectives(
      "row_id,source_ref,gpu,gpus,nodes,collective,size_mb,median_busbw_GBps,notes\n"
      "U1,page,H100-80GB-SXM,8,1,AllGather,256,234.881024,note\n",
      "t.csv");
  CHECK(plot.form == "ultrascale");
  CHECK(plot.rows.at(0).seconds == Approx(1e-3));
}

TEST_CASE("further forms: vTrain's look-up tables, sizes in KiB, GPUs named by the file only") {
  const auto lut = read_collectives(
      "row_id,source_ref,gpu,ranks,collective,size_bytes,count,dtype,outofplace_time_us,outofplace_busbw_GBps,"
      "inplace_time_us,inplace_busbw_GBps,notes\nV1,page,V100,5,all_reduce,1048576,262144,float,91,18,91,18,\n",
      "t.csv");
  CHECK(lut.form == "vtrain_lut");
  CHECK(lut.rows.at(0).subject.ranks == 5);
  const auto kib = read_collectives("gpu,collective,num_nodes,gpus_per_node,size_kb,time_us\nH100,all_gather,2,4,8,33\n", "t.csv");
  CHECK(kib.rows.at(0).subject == cost::FabricCase{CollectiveKind::all_gather, Bytes(8192), 8, 2});
  const auto named = read_collectives("nranks,size_bytes,time_us\n8,1024,20\n", "tokensim_v100.csv");
  CHECK(cost::find_fabric(named.rows.at(0).system).system == "v100_sxm");
}

TEST_CASE("a folder's name says nothing of the system of its tables") {
  const char* text = "nranks,size_bytes,time_us\n8,1024,20\n";
  CHECK(read_collectives(text, "h100/runs/t.csv").rows.at(0).system.empty());
  CHECK(read_collectives(text, "h100/runs/v100.csv").rows.at(0).system == "v100.csv");
}

TEST_CASE("rows without a time are counted, not guessed") {
  const auto table = read_collectives("gpu,nranks,size_bytes,time_us\nH100,8,1024,\nH100,8,2048,20\n", "t.csv");
  CHECK(table.rows.size() == 1);
  CHECK(table.skipped == 1);
}

TEST_CASE("a table of no form gets one clear message") {
  const auto reading = [](const char* text) { return [text] { read_collectives(text, "t.csv"); }; };
  CHECK_THROWS_WITH(reading("gpu,nranks,size_bytes,latency_sec\nH100,8,1,1\n")(),
                    Catch::Contains("t.csv:1: unknown column \"latency_sec\""));
  CHECK_THROWS_WITH(reading("gpu,nranks,size_byte,time_us\nH100,8,1,1\n")(), Catch::Contains("did you mean \"size_bytes\""));
  CHECK_THROWS_WITH(reading("gpu,nranks,size_bytes\nH100,8,1\n")(), Catch::Contains("needs a column for the time"));
  CHECK_THROWS_WITH(reading("gpu,nranks,size_bytes,time_us\nH100,8,1\n")(), Catch::Contains("t.csv:2: 3 cells"));
  CHECK_THROWS_WITH(reading("gpu,nranks,size_bytes,time_us\nH100,8,1,fast\n")(),
                    Catch::Contains("t.csv:2: time_us: expected a number"));
  CHECK_THROWS_WITH(reading("system,nccl_version,dtype,num_gpus,message_size,latency_ms\nH100,2,int4,8,1,1\n")(),
                    Catch::Contains("a type whose size is known"));
  CHECK_THROWS_WITH(reading("")(), Catch::Contains("empty"));
}
