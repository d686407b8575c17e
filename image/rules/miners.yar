// SPDX-License-Identifier: Apache-2.0
// Miners of cryptocurrency: the programs, their configuration, and what they say to a pool.

private rule is_elf
{
	condition:
		uint32(0) == 0x464c457f or filetype == "memory"
}

rule miner_program : miner
{
	meta:
		description = "a miner that speaks stratum and knows RandomX or CryptoNight"
		level = "high"
		attack = "T1496"
	strings:
		$pool1 = "stratum+tcp://"
		$pool2 = "stratum+ssl://"
		$pool3 = "daemon+http://"
		$algo1 = "randomx" nocase
		$algo2 = "cryptonight" nocase
		$algo3 = "kawpow" nocase
		$own1 = ".xmrig.com"
		$own2 = "\"nicehash\""
		$own3 = "huge-pages-jit"
		$own4 = "randomx-wrmsr"
		$own5 = "cpuminer"
		$more1 = "donate-level"
		$more2 = "cpu-max-threads-hint"
	condition:
		is_elf and any of ($pool*) and any of ($algo*) and
		(2 of ($own*) or (any of ($own*) and any of ($more*)))
}

rule miner_config : miner
{
	meta:
		description = "configuration of a miner: a pool, a wallet and an algorithm"
		level = "high"
		attack = "T1496"
	strings:
		$pools = /"pools"\s{0,8}:\s{0,8}\[/
		$url = /"url"\s{0,8}:\s{0,8}"[^"]{4,128}:[0-9]{2,5}"/
		$user = /"user"\s{0,8}:\s{0,8}"[0-9A-Za-z.+_-]{6,128}/
		$algo1 = /"(algo|coin)"\s{0,8}:\s{0,8}("(rx|cn|argon2|monero|kawpow)[^"]{0,16}"|null)/
		$algo2 = "\"donate-level\""
		$algo3 = "\"randomx\""
		$algo4 = "\"rig-id\""
	condition:
		filesize < 256KB and $pools and $url and $user and 2 of ($algo*)
}

rule miner_login : miner
{
	meta:
		description = "the login of a miner to its pool"
		level = "high"
		attack = "T1496"
	strings:
		$login = /"method"\s{0,4}:\s{0,4}"(login|mining\.authorize)"/
		$agent = /"agent"\s{0,4}:\s{0,4}"(XMRig|xmr-stak|cpuminer|ccminer|T-Rex|lolMiner)[^"]{0,64}"/ nocase
		$algo = /"algo"\s{0,4}:\s{0,4}\[\s{0,4}"(rx|cn|argon2)/
	condition:
		$login and ($agent or $algo)
}
